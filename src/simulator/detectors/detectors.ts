import { type Rhythm, rhythmAfter, rhythmJoined, rhythmUnknown } from "../../domain/inference/rhythm.ts";

/** What a detector makes of the intervals it heard: a silence is late beyond `base` and so many times `spread`, ms. */
export interface Expectation {
  readonly base: number;
  readonly spread: number;
}

/** One gateway's ear for one speaker. */
export interface Ear {
  /** Undefined while too little was heard. */
  expects(): Expectation | undefined;
  hear(intervalMs: number): void;
  /** The answer ended. */
  answered(): void;
}

export interface Detector {
  readonly name: string;
  readonly about: string;
  ear(): Ear;
}

export const detectors: readonly Detector[] = [
  {
    name: "RFC 6298",
    about: "smoothed mean and mean deviation of this answer, of earlier ones for its first chunks: what runs",
    ear: smoothed,
  },
  {
    name: "phi, normal",
    about: "mean and standard deviation of the last 1,000 intervals (Hayashibara 2004, Akka)",
    ear: () => windowed(1_000),
  },
  {
    name: "phi, short",
    about: "the same of the last 100 intervals",
    ear: () => windowed(100),
  },
  {
    name: "phi, exponential",
    about: "a multiple of the mean of the last 1,000 intervals (Cassandra)",
    ear: () => {
      const window = windowed(1_000);
      return {
        ...window,
        expects() {
          const expected = window.expects();
          return expected && { base: 0, spread: expected.base };
        },
      };
    },
  },
];

/** As `waitForWords` (domain/inference/waiting.ts) goes by it. */
function smoothed(): Ear {
  let past: Rhythm = rhythmUnknown;
  let seen: Rhythm = rhythmUnknown;
  return {
    expects() {
      const { heard, intervalMs, deviationMs } = seen.heard < 4 && past.heard > 0 ? past : seen;
      return heard === 0 ? undefined : { base: intervalMs, spread: deviationMs };
    },
    hear(intervalMs) {
      seen = rhythmAfter(seen, intervalMs);
    },
    answered() {
      past = rhythmJoined(past, seen);
      seen = rhythmUnknown;
    },
  };
}

/**
 * Phi-accrual: how unlikely so long a silence is, phi = −log₁₀(1 − F), under a normal distribution with the mean and
 * standard deviation of a window. A bound on phi is a number of standard deviations above the mean.
 */
function windowed(size: number): Ear {
  const window: number[] = [];
  let [at, sum, squares] = [0, 0, 0];
  return {
    expects() {
      const count = window.length;
      if (count < 2) return undefined;
      const mean = sum / count;
      return { base: mean, spread: Math.sqrt(Math.max(0, squares / count - mean * mean)) };
    },
    hear(intervalMs) {
      const oldest = window[at] ?? 0;
      window[at] = intervalMs;
      at = (at + 1) % size;
      sum += intervalMs - oldest;
      squares += intervalMs * intervalMs - oldest * oldest;
    },
    answered() {},
  };
}
