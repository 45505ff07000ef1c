import type { Answered } from "./audience.ts";

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

export function round(value: number, digits: number): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
