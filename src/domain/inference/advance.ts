import { budgets } from "./budgets.ts";
import { ensureSpeaker, ensureWitnesses, leave, showAll } from "./cast.ts";
import { deliverDue } from "./delivery.ts";
import { attemptOf, changeAttempt, type Draft, witnessesOf } from "./draft.ts";
import { fail, failUnfinal, finishIfDone } from "./ending.ts";
import { isComplete } from "./hearing.ts";
import type { Attempt } from "./state.ts";
import { standingOf } from "./votes.ts";
import { deadlineOf, dismissSilent } from "./waiting.ts";

/**
 * What follows from where the job stands now, whatever brought it there: the same order after every event, so there
 * is one place to read what happens next. Stops as soon as the job has ended.
 */
export function advance(draft: Draft): void {
  const rules = [
    heedDeadline,
    dismissSilent,
    heedBlame,
    weighVotes,
    keepCast,
    deliverDue,
    failUnfinal,
    finishIfDone,
  ];
  for (const rule of rules) {
    rule(draft);
    if (draft.ended) return;
  }
}

function heedDeadline(draft: Draft): void {
  if (draft.now >= deadlineOf(draft)) {
    fail(draft, "deadline", `the answer was not complete after ${draft.policy.deadlineMs} ms`);
  }
}

/** The request itself is wrong when two providers say so, or the only one there is. */
function heedBlame(draft: Draft): void {
  if (draft.held.length > 0) return;
  const agreeing = draft.blamers.find(({ peer, code }) =>
    draft.blamers.some((another) => another.peer !== peer && another.code === code),
  );
  const alone = draft.attempts.length === 0 && draft.nobodyLeft ? draft.blamers[0] : undefined;
  const blamer = agreeing ?? alone;
  if (blamer !== undefined) fail(draft, blamer.code as "context-overflow" | "bad-request", blamer.message);
}

/** Acts on rejections: drops what a majority rejected, and notes what is disputed. */
function weighVotes(draft: Draft): void {
  const standings = draft.held.map(standingOf);
  const rejected = standings.indexOf("rejected");
  if (rejected >= 0 && rejected < draft.delivered) {
    return fail(draft, "rejected-after-delivery", "most witnesses rejected a token that had been delivered");
  }
  if (rejected >= 0) dropFrom(draft, rejected);
  const disputed = draft.held.find((held) => standingOf(held) === "disputed")?.chunk.start;
  // Each dispute has its own time: one dissenter, outvoted every time, must not add them up to an end.
  if (disputed !== draft.disputedAt) draft.disputedSince = disputed === undefined ? undefined : draft.now;
  draft.disputedAt = disputed;
  if (draft.disputedSince === undefined) return;
  const undecided = draft.nobodyLeft && witnessesOf(draft).every(hasVoted);
  if (undecided || draft.now >= draft.disputedSince + budgets.disputeMs) {
    fail(draft, "disputed", "witnesses disagree about the answer and nobody is left to decide");
  }
}

/** The answer goes back to before chunk `index`; who said it leaves, and a witness that saw through it speaks on. */
function dropFrom(draft: Draft, index: number): void {
  const liar = draft.held[index]!.speaker;
  const to = draft.held[index]!.chunk.start;
  draft.held = draft.held.slice(0, index);
  draft.branch += 1;
  draft.completeAt = undefined;
  for (const { id, peer, shown, judged } of draft.attempts) {
    if (peer === liar) {
      leave(draft, id, "rejected");
      continue;
    }
    changeAttempt(draft, id, {
      shown: Math.min(shown, index),
      judged: Math.min(judged, to),
      owesSince: undefined,
    });
    draft.effects.push({ kind: "drop", attempt: id, to, branch: draft.branch });
  }
  if (!draft.barred.includes(liar)) draft.barred = [...draft.barred, liar];
  retell(draft, liar);
}

/** A later speaker that had gone on from the dropped chunk begins again where the answer now ends. */
function retell(draft: Draft, liar: string): void {
  if (!draft.effects.some((effect) => effect.kind === "outcome" && effect.peer === liar)) {
    draft.effects.push({
      kind: "outcome",
      peer: liar as Attempt["peer"],
      outcome: "rejected",
      since: draft.startedAt,
    });
  }
  const { speaker } = draft;
  if (speaker === undefined || attemptOf(draft, speaker.attempt) === undefined) return;
  draft.speaker = undefined;
  draft.speakers -= 1;
  draft.fruitless = Math.max(0, draft.fruitless - 1);
  draft.switches -= 1;
  ensureSpeaker(draft);
}

/** Keeps somebody speaking and enough of them following, and everybody shown everything. */
function keepCast(draft: Draft): void {
  if (!isComplete(draft) && !ensureSpeaker(draft)) {
    const tried = draft.fruitless >= draft.policy.attemptsMax;
    const nobody =
      draft.attempts.length === 0 && (draft.nobodyLeft || draft.attemptNext >= budgets.attemptsOpenedMax);
    if (tried || nobody) return failWithoutSpeaker(draft, tried);
  }
  if (draft.policy.finality !== "none" && draft.policy.witnesses > 0) {
    const dissent = draft.held.some(({ rejects }) => rejects.length > 0) ? 1 : 0;
    if (dissent > 0 || !isSwitching(draft)) ensureWitnesses(draft, draft.policy.witnesses + dissent);
  }
  showAll(draft);
}

/**
 * Between a switch and the first words after it, with a witness left to accept them: no time to recruit. A newcomer
 * reads the whole prompt, and where nodes share a machine it would take the new speaker's first step from it.
 */
function isSwitching(draft: Draft): boolean {
  return draft.announce && draft.held.length > 0 && draft.delivered > 0 && witnessesOf(draft).length > 0;
}

function failWithoutSpeaker(draft: Draft, tried: boolean): void {
  if (draft.busy > 0 && draft.busy === draft.attemptNext) {
    return fail(draft, "busy", "every provider of this model is at capacity");
  }
  const why = tried
    ? `${draft.fruitless} executors in a row said nothing`
    : "no provider of this model is left";
  fail(draft, "no-providers", why);
}

function hasVoted({ owesSince }: Attempt): boolean {
  return owesSince === undefined;
}
