import type { Ms } from "../ids.ts";
import { type Pace, paceJoined, paceUnknown } from "../inference/pace.ts";

/** What one provider took for one model in earlier jobs: what is late for a small model is early for a large one. */
export interface PaceKept {
  readonly pace: Pace;
  readonly firstContentMs: Ms | undefined;
  /** When that was last learnt. */
  readonly at: Ms;
}

export const paceUnkept: PaceKept = { pace: paceUnknown, firstContentMs: undefined, at: 0 };

/** After one more job, in which this was seen. */
export function paceLearnt(before: PaceKept, seen: Pace, now: Ms): PaceKept {
  const pace = paceJoined(before.pace, seen);
  const took = firstContentOf(seen, pace);
  if (took === undefined) return { ...before, pace };
  return { pace, firstContentMs: ((firstContentMs(before, now) ?? took) + took) / 2, at: now };
}

/**
 * Time to the first content after a short prompt, in the jobs of the last moments. Undefined when there were none:
 * whoever was slow and is not asked any more could never show that it has recovered.
 */
export function firstContentMs({ firstContentMs, at }: PaceKept, now: Ms): Ms | undefined {
  return now - at < freshMs ? firstContentMs : undefined;
}

/** By one job; what it did not show, as usual. Nothing, when it did not even read. */
function firstContentOf({ ready, read, first }: Pace, usual: Pace): Ms | undefined {
  if (read.heard === 0) return undefined;
  const firstMs = (first.heard > 0 ? first : usual.first).intervalMs;
  return ready.intervalMs + shortPrompt * read.intervalMs + firstMs;
}

/** Tokens. Long enough that a slow reader shows. */
const shortPrompt = 64;
/** Whoever was slow is tried again after this: at most one answer's start is late for it, and a follower steps in. */
const freshMs: Ms = 5_000;
