import type { Ms } from "../ids.ts";

/**
 * How regularly a speaker's chunks come: smoothed mean and mean deviation of the intervals, as TCP estimates its
 * round trip (RFC 6298 §2, gains 1/8 and 1/4). From it follows how long a silence means something.
 */
export interface Rhythm {
  readonly intervalMs: number;
  readonly deviationMs: number;
  readonly heard: number;
}

export const rhythmUnknown: Rhythm = { intervalMs: 0, deviationMs: 0, heard: 0 };

export function rhythmAfter(rhythm: Rhythm, interval: Ms): Rhythm {
  if (rhythm.heard === 0) return { intervalMs: interval, deviationMs: interval / 2, heard: 1 };
  const error = Math.abs(interval - rhythm.intervalMs);
  return {
    intervalMs: rhythm.intervalMs + (interval - rhythm.intervalMs) / 8,
    deviationMs: rhythm.deviationMs + (error - rhythm.deviationMs) / 4,
    heard: rhythm.heard + 1,
  };
}

/** Silence, ms, after which a speaker is given up: mean + 4 deviations (RFC 6298), within the bounds given. */
export function silenceAllowed(rhythm: Rhythm, bounds: { least: Ms; most: Ms }): Ms {
  if (rhythm.heard === 0) return bounds.most;
  const allowed = rhythm.intervalMs + 4 * rhythm.deviationMs;
  return Math.min(bounds.most, Math.max(bounds.least, allowed));
}
