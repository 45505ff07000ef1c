import { blamerBelieved } from "./blame.ts";
import { budgets } from "./budgets.ts";
import { ensureWitnesses, isSpent, showAll } from "./cast.ts";
import { deliverDue } from "./delivery.ts";
import { attemptOf, type Draft, witnessesOf } from "./draft.ts";
import { fail, failUnfinal, failUnjudged, finishIfDone } from "./ending.ts";
import { keepFloor } from "./floor.ts";
import { isComplete } from "./hearing.ts";
import { keepProof } from "./proving.ts";
import { settleTerms } from "./terms.ts";
import { isStranger } from "./votes.ts";
import { dismissSilent } from "./waiting.ts";
import { weighVotes } from "./weighing.ts";

/**
 * What follows from where the job stands now, whatever brought it there: the same order after every event, so there
 * is one place to read what happens next. Stops as soon as the job has ended.
 */
export function advance(draft: Draft): void {
  for (const rule of rules) {
    rule(draft);
    if (draft.ended) return;
  }
}

const rules = [
  heedDeadline,
  dismissSilent,
  heedBlame,
  settleTerms,
  weighVotes,
  keepProof,
  keepCast,
  deliverDue,
  failUnjudged,
  failUnfinal,
  finishIfDone,
];

function heedDeadline(draft: Draft): void {
  if (draft.now >= draft.deadlineAt) {
    fail(draft, "deadline", `the answer was not complete after ${draft.policy.deadlineMs} ms`);
  }
}

function heedBlame(draft: Draft): void {
  const { blamers, attempts } = draft;
  if (draft.held.length > 0 || blamers.length === 0) return;
  const takers = attempts.filter(({ ready }) => ready !== undefined).length;
  const everybody = attempts.length === 0 && draft.nobodyLeft;
  const blamer = blamerBelieved(blamers, { takers, everybody });
  // Why a job failed is told in the middle of a sentence; engines end theirs.
  if (blamer !== undefined) fail(draft, blamer.code, blamer.message.replace(/\.+$/, ""));
}

/** Keeps somebody speaking and enough of them following, and everybody shown everything. */
function keepCast(draft: Draft): void {
  if (!isComplete(draft) && !keepFloor(draft)) {
    const tried = draft.fruitless >= draft.policy.attemptsMax;
    if (tried || isForsaken(draft)) return failWithoutSpeaker(draft, tried);
  }
  const isFollowing = draft.proof === undefined && !mayRecruitLater(draft);
  if (draft.doubted.length > 0 || isFollowing) ensureWitnesses(draft);
  if (draft.attempts.length > 0) draft.aloneSince = undefined;
  showAll(draft);
}

/** Nobody is at work, and nobody could be found for a while. A seat or a provider may come back within that. */
function isForsaken(draft: Draft): boolean {
  const { attempts, nobodyLeft, now } = draft;
  if (attempts.length > 0) return false;
  draft.aloneSince ??= now;
  const waited = nobodyLeft && now >= draft.aloneSince + budgets.aloneMs;
  return waited || isSpent(draft);
}

/**
 * Between a switch and the first words after it, and for a moment after any loss, with a witness left to accept what is
 * said: no time to recruit. A newcomer reads the whole prompt, and where nodes share a machine, or many answers lost
 * somebody at one instant, it would take a new speaker's first step from it.
 */
function mayRecruitLater(draft: Draft): boolean {
  const said = draft.floor.some(({ attempt }) => attemptOf(draft, attempt)?.peer === draft.announced);
  const decisive = witnessesOf(draft).some(({ peer }) => !isStranger(peer, draft));
  const isLoss = draft.now < draft.lostAt + budgets.recruitAfterMs;
  return draft.delivered > 0 && (!said || isLoss) && !isComplete(draft) && decisive;
}

function failWithoutSpeaker(draft: Draft, tried: boolean): void {
  if (draft.busy > 0 && draft.busy === draft.attemptNext) {
    return fail(draft, "busy", "every provider of this model is at capacity");
  }
  fail(draft, "no-providers", whyWithoutSpeaker(draft, tried));
}

function whyWithoutSpeaker(draft: Draft, tried: boolean): string {
  if (tried) return `${draft.fruitless} executors in a row said nothing`;
  if (isSpent(draft)) return `${draft.attemptNext} attempts were opened, as many as may be, and none is left`;
  return "no provider of this model is left";
}
