import type { Ms } from "../ids.ts";

/**
 * How regularly something comes: smoothed mean and mean deviation of the intervals, as TCP estimates its round trip
 * (RFC 6298 §2, gains 1/8 and 1/4). From it follows how long a silence means something.
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

/** A rhythm kept over many jobs, after one more of them: as if its intervals had been heard one by one. */
export function rhythmJoined(kept: Rhythm, seen: Rhythm): Rhythm {
  if (kept.heard === 0 || seen.heard === 0) return seen.heard === 0 ? kept : seen;
  const error = Math.abs(seen.intervalMs - kept.intervalMs) + (seen.heard > 1 ? seen.deviationMs : 0);
  return {
    intervalMs: kept.intervalMs + (seen.intervalMs - kept.intervalMs) * (1 - (7 / 8) ** seen.heard),
    deviationMs: kept.deviationMs + (error - kept.deviationMs) * (1 - (3 / 4) ** seen.heard),
    heard: kept.heard + seen.heard,
  };
}

/** Beyond this an interval is late, ms: mean + 4 deviations (RFC 6298). Unknown: never. */
export function lateAfter({ heard, intervalMs, deviationMs }: Rhythm): Ms {
  return heard === 0 ? Number.POSITIVE_INFINITY : intervalMs + 4 * deviationMs;
}

/** Silence, ms, after which a speaker is late, within the bounds given. */
export function silenceAllowed(rhythm: Rhythm, bounds: { least: Ms; most: Ms }): Ms {
  return Math.min(bounds.most, Math.max(bounds.least, lateAfter(rhythm)));
}
