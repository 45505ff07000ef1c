import type { Verdict } from "../inference/effect.ts";

/** Bounds on a mean over at least `from` positions: up to `near` it speaks for honesty, above `far` against it. */
export interface Threshold {
  readonly from: number;
  readonly near: number;
  readonly far: number;
}

/** What is known of honest nodes of two numeric profiles, from calibration. */
export interface Tolerance {
  /** On the fingerprint distance, noises, by positions opened; ascending `from`. */
  readonly distance: readonly Threshold[];
  /** On the mean margin over informative positions, logits, by their number; ascending `from`. */
  readonly margin: readonly Threshold[];
  /** A single margin above this, logits, speaks against its token whatever the mean. */
  readonly marginMax: number;
}

/** Tolerances of a pair of profiles, in either order; undefined for a pair nobody has calibrated. */
export type Tolerances = (one: string, other: string) => Tolerance | undefined;

/**
 * A mean over `count` positions against the thresholds for that many. The fewer positions, the more an honest mean
 * scatters, and the further apart the bounds; with fewer than any threshold is for, nothing follows.
 */
export function weighMean(mean: number, count: number, thresholds: readonly Threshold[]): Verdict {
  const fitting = thresholds.findLast(({ from }) => from <= count);
  if (fitting === undefined || !Number.isFinite(mean)) return "inconclusive";
  if (mean <= fitting.near) return "valid";
  return mean > fitting.far ? "invalid" : "inconclusive";
}
