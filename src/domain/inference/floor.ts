import { budgets } from "./budgets.ts";
import { agrees, answerEnd, leave, openNext, reportLate, showAll, witnessesWanted } from "./cast.ts";
import { attemptOf, changeAttempt, type Draft, isCalled, takeBack, witnessesOf } from "./draft.ts";
import { isComplete } from "./hearing.ts";
import { paceAfter } from "./pace.ts";
import type { Attempt, AttemptId } from "./state.ts";
import { isStranger } from "./votes.ts";
import { isLate, isOnItsWay } from "./waiting.ts";

/**
 * Who speaks. When whoever was called is late, somebody else is called as well; whose words come first goes on, and
 * the others are called off. So lateness may be judged strictly: being wrong costs a follower one step, no more.
 */

/** Sees to it that somebody speaks who is not late. False when nobody is called and nobody can be found now. */
export function keepFloor(draft: Draft): boolean {
  relieveUnfit(draft);
  relieveSlow(draft);
  if (draft.floor.some(({ attempt }) => !isLate(draft, attempt))) return true;
  if (draft.fruitless < draft.policy.attemptsMax) {
    const id = successors(draft)[0]?.id ?? openSpeaker(draft);
    if (id !== undefined) call(draft, id);
  }
  return draft.floor.length > 0;
}

/** A chunk of this many tokens came from one that was called: it goes on, and the others are called off. */
export function takeFloor(draft: Draft, { id, readAt, seen }: Attempt, tokens: number): void {
  const turn = draft.floor.find(({ attempt }) => attempt === id)!;
  const others = draft.floor.filter((other) => other !== turn);
  const { saidAt, toldAt } = turn;
  const took =
    saidAt === undefined
      ? { first: draft.now - Math.max(toldAt, readAt ?? 0) }
      : { chunk: draft.now - saidAt, token: (draft.now - saidAt) / Math.max(1, tokens) };
  changeAttempt(draft, id, { seen: paceAfter(seen, took) });
  draft.floor = [{ ...turn, saidAt: draft.now }];
  draft.fruitless = 0;
  for (const { attempt } of others) callOff(draft, attempt);
}

/** It follows on from where the answer ends now, if it can be of use; whatever it says until it hears of it is void. */
export function callOff(draft: Draft, id: AttemptId): void {
  const attempt = attemptOf(draft, id);
  if (attempt === undefined) return;
  draft.floor = draft.floor.filter((turn) => turn.attempt !== id);
  const ofUse = attempt.witness && witnessesOf(draft).length <= witnessesWanted(draft);
  if (!ofUse) return leave(draft, id, attempt.lateKnown ? "silent" : "unused");
  stepDown(draft, attempt);
}

/** It follows on, and judges what it has not. */
function stepDown(draft: Draft, attempt: Attempt): void {
  draft.floor = draft.floor.filter((turn) => turn.attempt !== attempt.id);
  takeBack(draft, attempt, draft.held.length, answerEnd(draft));
}

function call(draft: Draft, id: AttemptId): void {
  for (const { attempt } of draft.floor) if (isLate(draft, attempt)) reportLate(draft, attempt);
  showAll(draft);
  draft.floor = [...draft.floor, { attempt: id, toldAt: draft.now, saidAt: undefined }];
  draft.speakers += 1;
  draft.fruitless += 1;
  draft.effects.push({ kind: "speak", attempt: id, from: answerEnd(draft) });
}

/**
 * The followers that may speak on, furthest first. One that rejected the last chunk does not. While somebody is
 * called, they must be on time and have got further than those they would speak instead of.
 */
function successors(draft: Draft): Attempt[] {
  const last = draft.held.at(-1);
  const stage = Math.max(-1, ...draft.floor.map(({ attempt }) => stageOf(attemptOf(draft, attempt)!)));
  const fit = draft.attempts.filter(
    (attempt) =>
      !isCalled(draft, attempt.id) &&
      (attempt.resume || last === undefined) &&
      (attempt.ready === undefined || agrees(draft, attempt)) &&
      !last?.rejects.includes(attempt.peer) &&
      (stage < 0 || (!isLate(draft, attempt.id) && stageOf(attempt) >= Math.min(read, stage + 1))),
  );
  const late = ({ id }: Attempt) => Number(isLate(draft, id));
  // However far a stranger says it is.
  const strange = ({ peer }: Attempt) => Number(isStranger(peer, draft));
  const far = (attempt: Attempt) => stageOf(attempt) + attempt.judged;
  return fit.sort(
    (a, b) =>
      late(a) - late(b) || strange(a) - strange(b) || far(b) - far(a) || b.heardAt - a.heardAt || a.id - b.id,
  );
}

/** In place of nobody, or, when everybody called is late and nobody is coming, on that suspicion. */
function openSpeaker(draft: Draft): AttemptId | undefined {
  const fits = ({ resume }: Pick<Attempt, "resume">) => resume || draft.held.length === 0;
  if (draft.floor.length === 0) return openNext(draft, fits);
  const coming = draft.attempts.some(
    (each) => fits(each) && !isCalled(draft, each.id) && isOnItsWay(draft, each.id),
  );
  return coming || !draft.mayHedge ? undefined : openNext(draft, fits, true);
}

const read = 2;
function stageOf({ ready, readAt }: Attempt): number {
  return ready === undefined ? 0 : readAt === undefined ? 1 : read;
}

/**
 * Whoever was called before it was ready may turn out to be unable to go on from here. That used up none of the tries,
 * and where it can judge it stays, however many others do: by its word this may be what has to go. Where it cannot, it
 * would say the same when asked again.
 */
function relieveUnfit(draft: Draft): void {
  for (const { attempt: id, saidAt } of draft.floor) {
    const attempt = attemptOf(draft, id);
    if (saidAt !== undefined || attempt?.ready === undefined || agrees(draft, attempt)) continue;
    draft.fruitless -= 1;
    if (attempt.witness) {
      stepDown(draft, attempt);
      continue;
    }
    draft.barred = [...draft.barred, attempt.peer];
    callOff(draft, id);
  }
}

/**
 * Takes the floor from one that speaks far more slowly than a follower would, or than it used to where nothing is known
 * of the follower. Once for each attempt: when everything is slow, handing on helps nobody.
 */
function relieveSlow(draft: Draft): void {
  const [turn, ...others] = draft.floor;
  const slow = turn && attemptOf(draft, turn.attempt);
  if (slow === undefined || turn?.saidAt === undefined || others.length > 0 || isComplete(draft)) return;
  const { heard, intervalMs } = slow.seen.token;
  if (slow.relieved || heard < budgets.slowChunks) return;
  const usual = ({ past }: Attempt) => (past.token.heard > 0 ? past.token.intervalMs : undefined);
  const quicker = (other: Attempt) =>
    !other.relieved &&
    intervalMs >= budgets.slowTimes * (usual(other) ?? usual(slow) ?? Number.POSITIVE_INFINITY);
  const heir = successors(draft).find(quicker);
  if (heir === undefined) return;
  changeAttempt(draft, slow.id, { relieved: true });
  call(draft, heir.id);
  callOff(draft, slow.id);
}
