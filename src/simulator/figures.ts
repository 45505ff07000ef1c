import { type Answered, type Audience, throughputStepMs } from "./audience.ts";

/** How the requests of one window went. */
export interface Tally {
  readonly requests: number;
  readonly succeeded: number;
  readonly explicitErrors: number;
  readonly silentFailures: number;
  /** Succeeded, of all of them, 0 to 1. */
  readonly successShare: number;
}

export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export function tally(answers: readonly Answered[]): Tally {
  const succeeded = answers.filter(({ end }) => end === "succeeded").length;
  const silentFailures = answers.filter(({ end }) => end === "silent").length;
  const requests = answers.length;
  return {
    ...{ requests, succeeded, silentFailures },
    explicitErrors: requests - succeeded - silentFailures,
    successShare: requests === 0 ? 1 : round(succeeded / requests, 6),
  };
}

/** Those under way at this instant. */
export function aliveAt(answers: readonly Answered[], at: number): Answered[] {
  return answers.filter(({ askedAt, endedAt }) => askedAt < at && endedAt >= at);
}

/** Those alive at some moment of the ten seconds after it, the ones under way then included. */
export function aliveAfter(answers: readonly Answered[], at: number): Answered[] {
  return answers.filter(({ askedAt, endedAt }) => askedAt <= at + 10_000 && endedAt >= at);
}

export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return {
    count: sorted.length,
    ...{ p50: round(at(0.5), 1), p99: round(at(0.99), 1), max: round(at(1), 1) },
  };
}

/**
 * From the strike until text comes as fast again as before it, ms: the end of the first half second whose deliveries
 * reach 95 % of the mean of the two seconds before. The load is one that the survivors can carry. Undefined: never.
 */
export function recoveryOf({ throughput }: Audience, strikeAt: number): number | undefined {
  const step = Math.ceil(strikeAt / throughputStepMs);
  const before = throughput.slice(Math.max(0, step - 21), step - 1);
  const wanted = 0.95 * (before.reduce((sum, count) => sum + count, 0) / before.length) * halfSecond;
  for (let from = step; from + halfSecond <= throughput.length; from++) {
    const got = throughput.slice(from, from + halfSecond).reduce((sum, count) => sum + count, 0);
    if (got >= wanted) return (from + halfSecond) * throughputStepMs - Math.round(strikeAt);
  }
  return undefined;
}

const halfSecond = 500 / throughputStepMs;

export function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
