import { budgets } from "./budgets.ts";
import { leave } from "./cast.ts";
import { chunkEnd } from "./chunk.ts";
import { type Draft, witnessesOf } from "./draft.ts";
import type { Outcome, Verdict } from "./effect.ts";
import { tokensVerdict } from "./ending.ts";
import type { JobEvent } from "./event.ts";
import { answerLimit, isComplete } from "./hearing.ts";
import type { AttemptId } from "./state.ts";
import { dropFrom } from "./weighing.ts";

/**
 * The proof at an answer's end. When the witnesses have accepted the tokens, executor and witnesses are asked to commit
 * to what they saw and then to open it (domain/verification). The job only waits for what comes of it, bounded.
 */

/** What commit and reveal came to. */
export interface Finding {
  /** "inconclusive": it shows nothing about the answer, and what the tokens showed stands. */
  readonly verdict: Verdict;
  /** Whose part in it was false, or withheld. */
  readonly blamed: readonly { readonly attempt: AttemptId; readonly outcome: Outcome }[];
}

const nothingFound: Finding = { verdict: "inconclusive", blamed: [] };

/** Asks for the proof, once, as soon as the tokens of the whole answer are accepted. */
export function beginProof(draft: Draft): void {
  if (!isComplete(draft) || draft.proof !== undefined || tokensVerdict(draft) !== "valid") return;
  const total = draft.satisfied ?? draft.held.length;
  const last = draft.held[total - 1];
  const executor = draft.attempts.find(({ peer, witness }) => witness && peer === last?.speaker);
  const witnesses = witnessesOf(draft).filter(
    ({ peer, judgedChunks }) => judgedChunks >= total && peer !== last?.speaker,
  );
  if (last === undefined || executor === undefined || witnesses.length === 0) {
    draft.proof = { since: draft.now, finding: nothingFound };
    return;
  }
  draft.proof = { since: draft.now, finding: undefined };
  draft.effects.push({
    ...{ kind: "prove", executor: executor.id, witnesses: witnesses.map(({ id }) => id) },
    ...{ transcript: last.digest, tokens: chunkEnd(last.chunk), tokensMax: answerLimit(draft) },
  });
}

/**
 * What was found is heeded: whoever's part was false leaves. An answer of a false executor goes back to before it,
 * while nothing of it was delivered, and somebody else speaks on; else the verdict says it.
 */
export function heardProof(draft: Draft, { finding }: Extract<JobEvent, { kind: "proved" }>): void {
  const { proof } = draft;
  if (proof === undefined || proof.finding !== undefined) return;
  draft.proof = { ...proof, finding };
  const speaker = draft.held.at(-1)?.speaker;
  const isReplaceable = finding.verdict === "invalid" && draft.delivered === 0;
  for (const { attempt, outcome } of finding.blamed) {
    const peer = draft.attempts.find(({ id }) => id === attempt)?.peer;
    if (!isReplaceable || peer !== speaker) leave(draft, attempt, outcome);
  }
  if (!isReplaceable) return;
  draft.proof = undefined;
  dropFrom(
    draft,
    draft.held.findIndex((held) => held.speaker === speaker),
  );
}

/** The finding, once there is one or it was awaited long enough. */
export function findingOf(draft: Draft): Finding | undefined {
  const end = proofEnd(draft);
  return draft.proof?.finding ?? (end !== undefined && draft.now >= end ? nothingFound : undefined);
}

/** Until when an answer waits for its proof. */
export function proofEnd({ proof }: Draft): number | undefined {
  return proof === undefined || proof.finding !== undefined ? undefined : proof.since + budgets.proofMs;
}
