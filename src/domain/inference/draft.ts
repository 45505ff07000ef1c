import type { Ms } from "../ids.ts";
import type { JobEffect } from "./effect.ts";
import type { Attempt, AttemptId, JobState } from "./state.ts";

/**
 * A state under revision: the working copy of one step. Rules change it and add effects; `step` hands both out.
 * `attempts` is a copy; every other list is replaced, never changed, so the state before stays what it was.
 */
export interface Draft extends Omit<Mutable<JobState>, "attempts"> {
  attempts: Attempt[];
  readonly now: Ms;
  /** May another attempt be opened on suspicion alone? */
  mayHedge: boolean;
  readonly effects: JobEffect[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function draftOf(state: JobState, now: Ms, mayHedge: boolean): Draft {
  return { ...state, attempts: [...state.attempts], now, mayHedge, effects: [] };
}

export function stateOf({ now: _, mayHedge: __, effects: ___, ...state }: Draft): JobState {
  return state;
}

export function attemptOf(draft: JobState | Draft, id: AttemptId): Attempt | undefined {
  return draft.attempts.find((attempt) => attempt.id === id);
}

export function changeAttempt(draft: Draft, id: AttemptId, change: Partial<Attempt>): void {
  const at = draft.attempts.findIndex((attempt) => attempt.id === id);
  const attempt = draft.attempts[at];
  if (attempt !== undefined) draft.attempts[at] = { ...attempt, ...change };
}

/** What it was shown and judged of the answer from chunk `index`, token `to`, on is void, and it is told so. */
export function takeBack(
  draft: Draft,
  { id, shown, judged, judgedChunks, drops }: Attempt,
  index: number,
  to: number,
): void {
  changeAttempt(draft, id, {
    ...{ shown: Math.min(shown, index), drops: [...drops, to] },
    ...{ judged: Math.min(judged, to), judgedChunks: Math.min(judgedChunks, index) },
  });
  draft.effects.push({ kind: "drop", attempt: id, to, branch: drops.length + 1 });
}

export function isCalled(draft: JobState | Draft, id: AttemptId): boolean {
  return draft.floor.some(({ attempt }) => attempt === id);
}

/** Live attempts that follow the speaker and can judge it. */
export function witnessesOf(draft: JobState | Draft): Attempt[] {
  return draft.attempts.filter(({ id, witness }) => witness && !isCalled(draft, id));
}
