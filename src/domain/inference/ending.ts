import type { PeerId } from "../ids.ts";
import { budgets } from "./budgets.ts";
import { isWitnessed } from "./delivery.ts";
import type { Draft } from "./draft.ts";
import { witnessesOf } from "./draft.ts";
import type { FailureCode, Verdict } from "./effect.ts";
import { isComplete } from "./hearing.ts";
import { findingOf } from "./proving.ts";
import { isUnwatched } from "./spec.ts";
import { promptTokensOfAnswer } from "./terms.ts";
import { uncheckedIn } from "./unchecked.ts";
import { isStranger, standingOf, withSay } from "./votes.ts";
import { isLate } from "./waiting.ts";

/** How a job ends: once, with a verdict or with an explicit failure. */

/** Ends the job with `finish` when the whole answer is out and its verdict is known, or was awaited long enough. */
export function finishIfDone(draft: Draft): void {
  const total = draft.satisfied ?? draft.held.length;
  if (!isComplete(draft) || draft.delivered < total) return;
  draft.completeAt ??= draft.now;
  const tokens = tokensVerdict(draft);
  const found = draft.proof === undefined ? undefined : findingOf(draft);
  if (tokens === undefined || (draft.proof !== undefined && found === undefined)) return;
  const proven = found !== undefined && found.verdict !== "inconclusive";
  const verdict = proven ? found.verdict : tokens;
  const last = draft.held[total - 1];
  const executor = last?.speaker;
  if (executor === undefined) return;
  const witnesses = new Set(draft.held.slice(0, total).flatMap(({ accepts }) => withSay(accepts, draft)));
  witnesses.delete(executor);
  const ending = draft.satisfied === undefined && last?.chunk.end === "length" ? "length" : "stop";
  const basis = proven
    ? "fingerprint"
    : verdict === "inconclusive" && witnesses.size === 0
      ? "none"
      : "tokens";
  const took = { executor, witnesses: [...witnesses], basis } as const;
  draft.effects.push({
    ...{ kind: "finish", ...took },
    reason: ending,
    promptTokens: promptTokensOfAnswer(draft),
    answerTokens: draft.deliveredTokens,
    verdict,
    switches: draft.switches,
    attempts: draft.speakers,
    sampled: [...witnesses].filter((peer) => draft.sampling.includes(peer)),
    notChecked: uncheckedIn(draft.held.slice(0, total), draft, took),
    acceptedShare: draft.deliveredTokens === 0 ? 1 : draft.acceptedTokens / draft.deliveredTokens,
  });
  endJob(draft, "completed");
}

/** Finality "final" was asked for, the answer is whole, and nobody can or will accept it in time. */
export function failUnfinal(draft: Draft): void {
  if (draft.policy.finality !== "final" || !isComplete(draft) || draft.delivered > 0) return;
  if (draft.proof !== undefined) {
    if (findingOf(draft) === undefined) return;
    // Its proof was awaited to the end of its time, and for a block as well.
    if (draft.proof.phase === "asked" && draft.policy.beaconMs !== undefined)
      return fail(draft, "no-beacon", "no block came in time that decides what the answer's proof opens");
    const tokens = draft.held.reduce((sum, { chunk }) => sum + chunk.ids.length, 0);
    return fail(
      draft,
      "not-final",
      `witnesses accepted every token, but the fingerprints of ${tokens} tokens do not prove the model`,
    );
  }
  if (draft.held.length > 0 && draft.unaccepted === 0) return;
  const nobody = draft.nobodyLeft && witnessesOf(draft).length === 0;
  if (nobody || draft.now >= verdictEnd(draft)!) {
    fail(draft, "not-final", "the answer was complete, but no witness accepted all of it");
  }
}

/** Only judgement could let the next words out in time, and nobody who could judge them is there or was found. */
export function failUnjudged(draft: Draft): void {
  const end = unjudgedEnd(draft);
  if (end === undefined || draft.now < end) return;
  const code = draft.busy > 0 ? "busy" : "no-providers";
  fail(draft, code, "nobody was found in time who could judge what was said");
}

/** Until when words wait for somebody who could judge them; undefined while somebody is there. */
export function unjudgedEnd(draft: Draft): number | undefined {
  const held = draft.held[draft.delivered];
  if (held === undefined || draft.policy.finality !== "stream" || !isWitnessed(draft)) return undefined;
  const judged = witnessesOf(draft).some(({ peer }) => !isStranger(peer, draft));
  return judged ? undefined : held.heardAt + budgets.unjudgedMs;
}

export function fail(draft: Draft, code: FailureCode, message: string): void {
  const good = draft.held.slice(0, draft.delivered);
  const bad = good.findIndex((held) => standingOf(held, draft) === "rejected");
  const standing = bad < 0 ? good : good.slice(0, bad);
  draft.effects.push({
    kind: "fail",
    code,
    message,
    goodTokens: standing.reduce((sum, { chunk }) => sum + chunk.ids.length, 0),
    switches: draft.switches,
    attempts: draft.speakers,
  });
  endJob(draft);
}

/** Lets everyone go. Used alone when the application hung up: nobody is there to be told. */
export function endJob(draft: Draft, outcome: "completed" | "unused" = "unused"): void {
  for (const { id, peer, ready, openedAt: since, seen } of draft.attempts) {
    // Who owes an answer did not do well, and was not proven lost either.
    const vouched = outcome === "completed" && isVouchedFor(draft, peer) ? "vouched" : outcome;
    const did = ready === undefined || isLate(draft, id) ? "unused" : vouched;
    draft.effects.push({ kind: "close", attempt: id });
    draft.effects.push({ kind: "outcome", peer, outcome: did, since, seen });
  }
  draft.attempts = [];
  draft.floor = [];
  draft.ended = true;
}

/** Did others judge all that it said, and find it true? Following says nothing about how it would speak. */
function isVouchedFor(draft: Draft, peer: PeerId): boolean {
  const said = judgedPart(draft).filter(({ speaker }) => speaker === peer);
  return said.length > 0 && said.every((held) => standingOf(held, draft) === "accepted");
}

/** Until when a whole answer waits for its verdict to become known, or better; never until its deadline. */
export function verdictEnd(draft: Draft): number | undefined {
  if (draft.completeAt === undefined) return undefined;
  const judged = !isDrawn(draft) && judgedPart(draft).every((held) => standingOf(held, draft) === "accepted");
  const most = judged ? Math.max(draft.policy.holdMs, 100) : budgets.verdictMs;
  return Math.min(draft.completeAt + most, draft.deadlineAt - budgets.lastWordMs);
}

/**
 * Valid at once when a majority of the witnesses wanted accepted everything; valid after a short wait when at least
 * one did and nobody's rejection stands; inconclusive when nobody could say in time. Undefined: wait on.
 */
export function tokensVerdict(draft: Draft): Verdict | undefined {
  const { policy } = draft;
  if (isUnwatched(policy)) return "inconclusive";
  const part = judgedPart(draft);
  const accepted = part.every((held) => standingOf(held, draft) === "accepted");
  const total = draft.satisfied ?? draft.held.length;
  const quorum = Math.floor(policy.witnesses / 2) + 1;
  if (accepted && part.every(({ accepts }) => withSay(accepts, draft).length >= quorum)) return "valid";
  const awaited = witnessesOf(draft).some(
    ({ id, peer, judgedChunks, ready }) =>
      !isStranger(peer, draft) &&
      (judgedChunks < total || ready === undefined) &&
      (!accepted || isDrawn(draft) || !isLate(draft, id)),
  );
  if (awaited && draft.now < verdictEnd(draft)!) return undefined;
  return accepted && part.length > 0 ? "valid" : "inconclusive";
}

/** A quorum of those drawn for is wanted, not of those who were quick; and the end waits for a block anyway. */
function isDrawn({ policy }: Draft): boolean {
  return policy.beaconMs !== undefined;
}

/** The chunks of the answer as the application has it, as far as there is anything in them to judge. */
function judgedPart(draft: Draft) {
  return draft.held
    .slice(0, draft.satisfied ?? draft.held.length)
    .filter(({ chunk }) => chunk.ids.length > 0);
}
