import type { Ms } from "../ids.ts";
import { budgets } from "./budgets.ts";
import { leave } from "./cast.ts";
import { holdEnd } from "./delivery.ts";
import { attemptOf, type Draft } from "./draft.ts";
import { verdictEnd } from "./ending.ts";
import { isComplete } from "./hearing.ts";
import { silenceAllowed } from "./rhythm.ts";
import type { Attempt } from "./state.ts";

/** What is waited for, and until when. Each wait is stated once, here; `wakeAt` and `dismissSilent` both read it. */

/** Dismisses whoever should have said something by now. */
export function dismissSilent(draft: Draft): void {
  for (const attempt of draft.attempts) {
    if (draft.now >= attemptEnd(draft, attempt)) leave(draft, attempt.id, "silent");
  }
}

/** The next time at which something is due even if nothing happens. */
export function wakeAt(draft: Draft): Ms {
  const times = [deadlineOf(draft), ...draft.attempts.map((attempt) => attemptEnd(draft, attempt))];
  const hold = holdEnd(draft);
  const verdict = verdictEnd(draft);
  if (hold !== undefined && hold > draft.now) times.push(hold);
  if (verdict !== undefined && verdict > draft.now) times.push(verdict);
  if (draft.disputedSince !== undefined) times.push(draft.disputedSince + budgets.disputeMs);
  // Whoever is wanted and was not found is looked for again then; nothing else may happen until the deadline.
  if (draft.seekAfter > draft.now) times.push(draft.seekAfter);
  return Math.min(...times);
}

export function deadlineOf(draft: Draft): Ms {
  return draft.startedAt + draft.policy.deadlineMs;
}

/** When this attempt will have been silent for too long. */
function attemptEnd(draft: Draft, attempt: Attempt): Ms {
  if (attempt.ready === undefined) return attempt.openedAt + budgets.readyMs;
  if (draft.speaker?.attempt === attempt.id) return isComplete(draft) ? Infinity : speakerEnd(draft, attempt);
  if (attempt.owesSince === undefined) return Infinity;
  return Math.max(attempt.owesSince, attempt.heardAt) + budgets.witnessLagMs + readingMs(draft, attempt);
}

function speakerEnd(draft: Draft, attempt: Attempt): Ms {
  const { speaker } = draft;
  if (speaker === undefined || attemptOf(draft, speaker.attempt) === undefined) return Infinity;
  if (speaker.saidAt !== undefined) {
    const bounds = { least: budgets.silenceMsLeast, most: budgets.silenceMsMost };
    return speaker.saidAt + silenceAllowed(speaker.rhythm, bounds);
  }
  const begun = Math.max(speaker.toldAt, attempt.heardAt);
  if (speaker.warm) return begun + budgets.warmChunkMs;
  return begun + budgets.firstChunkMs + readingMs(draft, attempt);
}

/** Time a node may take to read the prompt and what it has not judged of the answer. */
function readingMs(draft: Draft, attempt: Attempt): Ms {
  const answered = draft.held.reduce((sum, { chunk }) => sum + chunk.ids.length, 0);
  const claimed = attempt.judged === 0 ? (attempt.ready?.promptTokens ?? 0) : 0;
  // A speaker that claims a million tokens would be waited for until the deadline.
  const prompt = Math.min(claimed, draft.promptTokensMost);
  return (prompt + answered - attempt.judged) * budgets.prefillMsPerToken;
}
