import type { Ms } from "../ids.ts";
import { budgets } from "./budgets.ts";
import { answerEnd, leave } from "./cast.ts";
import { chunkEnd } from "./chunk.ts";
import { holdEnd } from "./delivery.ts";
import { attemptOf, type Draft } from "./draft.ts";
import { unjudgedEnd, verdictEnd } from "./ending.ts";
import { isComplete } from "./hearing.ts";
import type { Pace } from "./pace.ts";
import { proofEnd } from "./proving.ts";
import { lateAfter, silenceAllowed } from "./rhythm.ts";
import type { Attempt, AttemptId, Turn } from "./state.ts";
import { promptTokensOf } from "./terms.ts";

/** What is waited for, and until when. Each wait is stated once, here; whoever acts on one reads it here. */

interface Wait {
  /** From here on it is late, by what it or its peers took before: somebody else may be asked as well. */
  readonly lateAt: Ms;
  /** From here on it is given up. */
  readonly endAt: Ms;
}

/** Dismisses whoever should have said something by now. */
export function dismissSilent(draft: Draft): void {
  for (const attempt of draft.attempts) {
    if (draft.now >= waitFor(draft, attempt).endAt) leave(draft, attempt.id, "silent");
  }
}

export function isLate(draft: Draft, id: AttemptId): boolean {
  const attempt = attemptOf(draft, id);
  return attempt !== undefined && draft.now >= waitFor(draft, attempt).lateAt;
}

/** Late by what it did itself: what others say of their own progress is no evidence against it. */
export function isLateForItself(draft: Draft, attempt: Attempt): boolean {
  return draft.now >= waitFor(draft, attempt, []).lateAt;
}

/** It has something to do, is not late with it, and enough is known of it to say so. */
export function isOnItsWay(draft: Draft, id: AttemptId): boolean {
  const attempt = attemptOf(draft, id);
  if (attempt === undefined) return false;
  const { lateAt, endAt } = waitFor(draft, attempt);
  return draft.now < lateAt && lateAt < endAt;
}

/** The next time at which something is due even if nothing happens. */
export function wakeAt(draft: Draft): Ms {
  const times = [draft.deadlineAt];
  const hold = holdEnd(draft);
  const verdict = verdictEnd(draft);
  const recruit = draft.lostAt + budgets.recruitAfterMs;
  const laters = [hold, verdict, proofEnd(draft), unjudgedEnd(draft), draft.seekAfter, recruit];
  if (draft.disputedSince !== undefined) times.push(draft.disputedSince + budgets.disputeMs);
  if (draft.aloneSince !== undefined) times.push(draft.aloneSince + budgets.aloneMs);
  for (const attempt of draft.attempts) {
    const { lateAt, endAt } = waitFor(draft, attempt);
    times.push(endAt);
    laters.push(lateAt);
  }
  // Whoever is wanted and was not found is looked for again at `seekAfter`; nothing else may happen until the deadline.
  for (const later of laters) if (later !== undefined && later > draft.now) times.push(later);
  return Math.min(...times);
}

function waitFor(draft: Draft, attempt: Attempt, peers: readonly Attempt[] = draft.attempts): Wait {
  const { ready, readAt, openedAt, heardAt } = attempt;
  if (ready === undefined) {
    return wait(
      openedAt,
      allowed(peers, attempt, "ready", budgets.readyLateLeast),
      openedAt + budgets.readyMs,
    );
  }
  if (readAt === undefined) {
    const tokens = promptTokensOf(draft, attempt);
    const perToken = allowed(peers, attempt, "read", 0, budgets.readLatePerTokenLeast);
    const usual = Math.max(budgets.readLateLeast, tokens * perToken);
    return wait(ready.at, usual, heardAt + budgets.readMs + tokens * budgets.readMsPerToken);
  }
  const turn = draft.floor.find((each) => each.attempt === attempt.id);
  if (turn !== undefined) return isComplete(draft) ? noWait : waitForWords(draft, attempt, turn, peers);
  const owed = draft.held[attempt.judgedChunks];
  if (owed === undefined || !attempt.witness) return noWait;
  // A newcomer has everything before the chunk to read first, beginning when it had read the prompt.
  const since = Math.max(owed.heardAt, readAt + readingMs(chunkEnd(owed.chunk)));
  const usual = allowed(peers, attempt, "judge", budgets.judgeLateLeast);
  // Who judges on, if slowly, is waited for as long as the words may be held: a newcomer would be further behind.
  const patience = Math.max(
    budgets.witnessLagMs,
    Math.min(draft.policy.holdMs, heardAt + budgets.witnessLagMs - since),
  );
  return wait(since, usual, since + patience);
}

function waitForWords(
  draft: Draft,
  attempt: Attempt,
  { toldAt, saidAt }: Turn,
  peers: readonly Attempt[],
): Wait {
  const { witness, seen, past } = attempt;
  if (saidAt === undefined) {
    const begun = Math.max(toldAt, attempt.heardAt);
    const behind = answerEnd(draft) - attempt.judged;
    const catchUp = behind * Math.min(budgets.readMsPerToken, lateAfter(past.read));
    const least = witness ? budgets.firstLateLeast : budgets.textLateLeast;
    const most = witness ? budgets.firstChunkMs : budgets.textFirstMs;
    return wait(begun, catchUp + allowed(peers, attempt, "first", least), begun + readingMs(behind) + most);
  }
  // A busy machine is slow for all its chunks.
  const own = budgets.silenceIntervals * Math.max(seen.chunk.intervalMs, seen.first.intervalMs);
  const most = witness ? Math.max(budgets.silenceMsMost, own) : budgets.textSilenceMs;
  const rhythm = seen.chunk.heard < 4 && past.chunk.heard > 0 ? past.chunk : seen.chunk;
  const least = witness ? budgets.silenceMsLeast : budgets.textLateLeast;
  const late = silenceAllowed(rhythm, { least, most });
  return { lateAt: saidAt + late, endAt: saidAt + late + budgets.silenceMsMore };
}

/**
 * What it may take before it is late, ms: no more than by its own past, nor than by what the slowest of its peers took
 * in this job. A provider that has been slow for long is late all the same when others are not.
 */
function allowed(
  peers: readonly Attempt[],
  { past }: Attempt,
  what: keyof Pace,
  least: Ms,
  ownLeast: Ms = 0,
): Ms {
  const heard = peers.map(({ seen }) => seen[what]).filter(({ heard }) => heard > 0);
  const byPeers = heard.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...heard.map(lateAfter));
  return Math.max(least, Math.min(Math.max(ownLeast, lateAfter(past[what])), byPeers));
}

/** Time it may take to read so much of an answer. */
function readingMs(tokens: number): Ms {
  return tokens * budgets.readMsPerToken;
}

function wait(since: Ms, usual: Ms, endAt: Ms): Wait {
  return { lateAt: Math.min(since + usual, endAt), endAt };
}

const noWait: Wait = { lateAt: Number.POSITIVE_INFINITY, endAt: Number.POSITIVE_INFINITY };
