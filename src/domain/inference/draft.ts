import type { Ms } from "../ids.ts";
import type { JobEffect } from "./effect.ts";
import type { Attempt, AttemptId, Held, JobState } from "./state.ts";

/**
 * A state under revision: the working copy of one step. Rules change it and add effects; `step` hands both out. The
 * lists are copies, their members are replaced and never changed, so the state before stays what it was.
 */
export interface Draft extends Omit<Mutable<JobState>, "attempts" | "held"> {
  attempts: Attempt[];
  held: Held[];
  readonly now: Ms;
  readonly effects: JobEffect[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export function draftOf(state: JobState, now: Ms): Draft {
  return { ...state, attempts: [...state.attempts], held: [...state.held], now, effects: [] };
}

export function stateOf({ now: _now, effects: _effects, ...state }: Draft): JobState {
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

/** Live attempts that follow the speaker and can judge it. */
export function witnessesOf(draft: JobState | Draft): Attempt[] {
  return draft.attempts.filter(({ id, witness }) => witness && id !== draft.speaker?.attempt);
}
