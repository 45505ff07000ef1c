import { roundsMax } from "../verification/rounds.ts";
import { budgets } from "./budgets.ts";
import { leave, openNext } from "./cast.ts";
import { chunkEnd } from "./chunk.ts";
import { attemptOf, type Draft, witnessesOf } from "./draft.ts";
import type { Outcome, Verdict } from "./effect.ts";
import { tokensVerdict } from "./ending.ts";
import type { JobEvent } from "./event.ts";
import { isComplete, lastOf } from "./hearing.ts";
import { isUnwatched } from "./spec.ts";
import type { Attempt, AttemptId, Prospect } from "./state.ts";
import { answerLimit, isLengthDisputed, limitOf, promptTokensOfAnswer } from "./terms.ts";
import { isStranger } from "./votes.ts";
import { dropFrom, goBack } from "./weighing.ts";

/**
 * The proof at an answer's end. When the witnesses have accepted the tokens, executor and witnesses are asked to commit
 * to what they saw and then to open it (domain/verification). Where they come to no verdict and one more witness could
 * settle it, one is asked, reads the whole answer, and the committee meets again. The job only waits for what comes of
 * it, bounded.
 */

/** What commit and reveal came to. */
export interface Finding {
  /** "inconclusive": it shows nothing about the answer, and what the tokens showed stands. */
  readonly verdict: Verdict;
  /** One more honest witness could settle it. */
  readonly undecided?: boolean;
  /** Whose part in it was false, or withheld. */
  readonly blamed: readonly { readonly attempt: AttemptId; readonly outcome: Outcome }[];
}

const nothingFound: Finding = { verdict: "inconclusive", blamed: [] };

/** Asks for the proof as soon as the tokens of the whole answer are accepted, and again when one more can testify. */
export function keepProof(draft: Draft): void {
  const { proof } = draft;
  if (!isComplete(draft)) return;
  if (proof === undefined) {
    if (isUnsealed(draft)) return askToSeal(draft);
    if (tokensVerdict(draft) === "valid" && !isLengthAwaited(draft)) convene(draft);
    return;
  }
  if (proof.phase !== "seeking") return;
  if (executorOf(draft) === undefined) return giveUp(draft);
  const isNew = (each: Attempt) => !proof.asked.includes(each.id) && canSettle(draft, each);
  if (witnessesOf(draft).some((each) => isNew(each) && hasJudgedAll(draft, each))) return convene(draft);
  if (draft.attempts.some(isNew) || openNext(draft, (each) => canSettle(draft, each)) !== undefined) return;
  if (draft.nobodyLeft && !draft.seeking) giveUp(draft);
}

/**
 * What was found is heeded: whoever's part was false leaves. While nothing of the answer was delivered, that of a false
 * executor goes back to before it, and that of one who did not testify, to before its last chunk: somebody else speaks
 * on, and answers for the whole. Else the verdict says it.
 */
export function heardProof(draft: Draft, { finding }: Extract<JobEvent, { kind: "proved" }>): void {
  const { proof } = draft;
  if (proof?.phase !== "asked") return;
  const speaker = lastOf(draft)?.speaker;
  const isReplaced = finding.verdict === "invalid" && draft.delivered === 0;
  const isSpeaker = (attempt: AttemptId) => attemptOf(draft, attempt)?.peer === speaker;
  for (const { attempt, outcome } of finding.blamed)
    if (!isReplaced || !isSpeaker(attempt)) leave(draft, attempt, outcome);
  if (isReplaced) {
    // Where it went on from another's words these may be what is wrong: then somebody says all of it.
    if (!finding.blamed.some(({ attempt }) => isSpeaker(attempt))) return goBack(draft, 0);
    return dropFrom(draft, (draft.satisfied ?? draft.held.length) - 1);
  }
  if (finding.verdict !== "inconclusive") return found(draft, finding);
  const isTime = draft.now + budgets.opinionMs + budgets.proofMs <= draft.deadlineAt;
  if (finding.undecided !== true || proof.opinions === budgets.opinionsMost || !isTime) return giveUp(draft);
  draft.proof = { ...proof, phase: "seeking", since: draft.now, opinions: proof.opinions + 1 };
}

/** The finding, once there is one or it was awaited long enough. */
export function findingOf(draft: Draft): Finding | undefined {
  const end = proofEnd(draft);
  if (draft.proof?.phase === "found") return draft.proof.finding;
  return end !== undefined && draft.now >= end ? nothingFound : undefined;
}

/** Until when an answer waits for its proof. */
export function proofEnd(draft: Draft): number | undefined {
  const { proof } = draft;
  if (proof === undefined || proof.phase === "found") return undefined;
  const last = lastOf(draft);
  const tokens = promptTokensOfAnswer(draft) + (last === undefined ? 0 : chunkEnd(last.chunk));
  const reading = budgets.opinionMs + tokens * budgets.readMsPerToken;
  const meeting = isUnsealed(draft) ? budgets.sealMs : budgets.proofMs + (draft.policy.beaconMs ?? 0);
  const most = proof.phase === "asked" ? meeting : reading;
  return Math.min(proof.since + most, draft.deadlineAt - budgets.lastWordMs);
}

/** Nobody watches, and the application ended the answer. Of one that its executor ends the seal comes with the last chunk. */
function isUnsealed({ policy, satisfied }: Draft): boolean {
  return isUnwatched(policy) && satisfied !== undefined;
}

/** Whoever said the last word is told that it was the last, and has its time: else it could not be blamed for keeping silent. */
function askToSeal(draft: Draft): void {
  const last = lastOf(draft);
  const speaker = draft.attempts.find(({ peer, witness }) => witness && peer === last?.speaker);
  const isTime = draft.now + budgets.sealMs <= draft.deadlineAt - budgets.lastWordMs;
  if (last === undefined || speaker === undefined || !isTime) return found(draft, nothingFound);
  draft.proof = {
    ...{ phase: "asked", since: draft.now, finding: nothingFound, opinions: 0 },
    asked: [speaker.id],
  };
  draft.effects.push({ kind: "seal", attempt: speaker.id, tokens: chunkEnd(last.chunk) });
}

/** Executor and witnesses who saw all of the answer form a committee; without any of them there is nothing to find. */
function convene(draft: Draft): void {
  const last = lastOf(draft);
  const isGone = draft.attempts.every(({ peer }) => peer !== last?.speaker);
  // What must be proved somebody has to answer for: who was lost after its last word is no reason to end in an error.
  if (isGone && draft.policy.finality === "final") return giveUp(draft);
  const executor = executorOf(draft);
  const tokensMax = answerLimit(draft);
  const witnesses = witnessesOf(draft)
    .filter((each) => hasJudgedAll(draft, each) && each.peer !== last?.speaker && canTestify(each))
    // Who reckons with another limit would seal another answer.
    .filter((each) => limitOf(draft, each) === tokensMax)
    .map(({ id }) => id);
  if (last === undefined || executor === undefined || witnesses.length === 0 || draft.rounds === roundsMax)
    return found(draft, nothingFound);
  const { asked = [], opinions = 0 } = draft.proof ?? {};
  draft.rounds += 1;
  draft.proof = {
    ...{ phase: "asked", since: draft.now, finding: nothingFound, opinions },
    asked: [...new Set([...asked, executor.id, ...witnesses])],
  };
  draft.effects.push({
    ...{ kind: "prove", round: draft.rounds, executor: executor.id, witnesses },
    ...{ transcript: last.digest, tokens: chunkEnd(last.chunk), tokensMax },
  });
}

/**
 * Who reckons with another limit has no seat in the committee. Where nothing leaves without a proof, whoever was asked
 * because the length of the prompt is disputed is waited for, as long as connecting may take: its word decides.
 */
function isLengthAwaited(draft: Draft): boolean {
  if (draft.policy.finality !== "final" || !isLengthDisputed(draft)) return false;
  return witnessesOf(draft).some(({ ready, peer }) => ready === undefined && !isStranger(peer, draft));
}

/** Nothing can be found about this executor's answer; but where it has gone, another's last chunk may be as good. */
function giveUp(draft: Draft): void {
  const last = lastOf(draft);
  const isWithout = executorOf(draft) === undefined && draft.delivered === 0;
  if (isWithout && last !== undefined) goBack(draft, draft.held.indexOf(last));
  else found(draft, nothingFound);
}

function found(draft: Draft, finding: Finding): void {
  const { asked = [], opinions = 0 } = draft.proof ?? {};
  draft.proof = { phase: "found", since: draft.now, finding, asked, opinions };
}

/** Who said it, and so answers for the whole; undefined when it left, or has no logits to show. */
function executorOf(draft: Draft): Attempt | undefined {
  const speaker = lastOf(draft)?.speaker;
  return draft.attempts.find((each) => canTestify(each) && each.peer === speaker);
}

function hasJudgedAll(draft: Draft, { judgedChunks }: Attempt): boolean {
  return judgedChunks >= (draft.satisfied ?? draft.held.length);
}

/** Strangers are no help here: any number of them costs nothing. */
function canSettle({ staked }: Draft, each: Prospect): boolean {
  return canTestify(each) && (each.bonded || !staked);
}

/** A fingerprint is of every position, and by an engine of which it is known what its logits are. */
function canTestify({ witness, sampled = false, unverified = false }: Prospect): boolean {
  return witness && !sampled && !unverified;
}
