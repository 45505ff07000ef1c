import type { Ms } from "../ids.ts";
import { budgets } from "./budgets.ts";
import { leave } from "./cast.ts";
import { holdEnd } from "./delivery.ts";
import type { Draft } from "./draft.ts";
import { verdictEnd } from "./ending.ts";
import { isComplete } from "./hearing.ts";
import { silenceAllowed } from "./rhythm.ts";
import type { Attempt, Speaker } from "./state.ts";

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
  if (attempt.readAt === undefined) return attempt.heardAt + budgets.readMs + promptMs(draft, attempt);
  const { speaker } = draft;
  if (speaker?.attempt === attempt.id)
    return isComplete(draft) ? Infinity : speakerEnd(draft, speaker, attempt);
  if (attempt.owesSince === undefined) return Infinity;
  return Math.max(attempt.owesSince, attempt.heardAt) + budgets.witnessLagMs + answerMs(draft, attempt);
}

function speakerEnd(draft: Draft, speaker: Speaker, attempt: Attempt): Ms {
  const { saidAt, rhythm, firstMs } = speaker;
  if (saidAt === undefined) {
    const begun = Math.max(speaker.toldAt, attempt.heardAt);
    return begun + answerMs(draft, attempt) + (attempt.witness ? budgets.firstChunkMs : budgets.textFirstMs);
  }
  const own = budgets.silenceIntervals * Math.max(rhythm.intervalMs, firstMs);
  const most = attempt.witness ? Math.max(budgets.silenceMsMost, own) : budgets.textSilenceMs;
  return saidAt + silenceAllowed(rhythm, { least: budgets.silenceMsLeast, most });
}

/** Time a node may take to read the prompt. One that claims a million tokens is not waited for until the deadline. */
function promptMs(draft: Draft, { ready }: Attempt): Ms {
  return Math.min(ready?.promptTokens ?? 0, draft.promptTokensMost) * budgets.readMsPerToken;
}

/** Time it may take to read what it has not judged of the answer. */
function answerMs(draft: Draft, { judged }: Attempt): Ms {
  const answered = draft.held.reduce((sum, { chunk }) => sum + chunk.ids.length, 0);
  return (answered - judged) * budgets.readMsPerToken;
}
