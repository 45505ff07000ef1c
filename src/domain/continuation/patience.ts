import type { Ms } from "../ids.ts";
import { type Rhythm, silenceAllowed } from "../inference/rhythm.ts";

export interface PatienceBounds {
  readonly least: Ms;
  readonly most: Ms;
  /** While nothing is known. */
  readonly unknown: Ms;
}

/** Samples before a rhythm is believed. */
const heardEnough = 3;

/**
 * Silence, ms, after which an attempt is started beside a peer that says nothing. It follows the peer's own rhythm,
 * else that of all peers together, and is never below twice the usual interval.
 *
 * `weight` scales it for work that is known to be larger (see promptWeight); `round` doubles it for each attempt
 * already made, so that a cold model is not met by a crowd of restarts.
 */
export function silenceBudget(
  own: Rhythm,
  all: Rhythm,
  bounds: PatienceBounds,
  { weight, round }: { readonly weight: number; readonly round: number },
): Ms {
  const rhythm = own.heard >= heardEnough ? own : all;
  const scale = weight * 2 ** Math.min(round, 10);
  const most = bounds.most * scale;
  if (rhythm.heard < heardEnough) return Math.min(most, bounds.unknown * scale);
  const allowed = silenceAllowed(rhythm, { least: bounds.least, most: bounds.most });
  return Math.max(allowed, Math.min(2 * rhythm.intervalMs, bounds.most)) * scale;
}

/** How much longer than usual a prompt may take: reading 4,000 characters costs about as much as beginning at all. */
export function promptWeight(requestChars: number): number {
  return 1 + requestChars / 4000;
}
