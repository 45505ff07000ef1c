import { wilson } from "../../src/commands/chaos/statistics.ts";
import type { Outcome } from "./client.ts";

/** Requests by how they ended. */
export type Ends = Record<Outcome["end"], number>;

/** Times by size, in steps of 2 %: small to keep, and exact enough for a percentile. */
export type Times = Record<string, number>;

/** What is kept of one blackout, or of several together. */
export interface Tally {
  /** Requests open at the instant of the fault. */
  readonly inFlight: Ends;
  /** Requests begun in the ten seconds after it. */
  readonly after: Ends;
  /** Latency of whole answers: before the fault, and of both groups above. */
  readonly healthyMs: Times;
  readonly latencyMs: Times;
  /** Largest gap between tokens in whole answers that changed their speaker once, by how the second took over. */
  readonly prefillGapMs: Times;
  readonly replayGapMs: Times;
  /** The latter less the time in which that upstream says again what was said: what Holdfast itself takes. */
  readonly replayOwnMs: Times;
  readonly blackouts: number;
}

export const noEnds: Ends = { whole: 0, error: 0, silent: 0, timeout: 0 };

export const emptyTally: Tally = {
  ...{ inFlight: noEnds, after: noEnds, blackouts: 0 },
  ...{ healthyMs: {}, latencyMs: {}, prefillGapMs: {}, replayGapMs: {}, replayOwnMs: {} },
};

export function added(a: Tally, b: Tally): Tally {
  const sum = <T extends Record<string, number>>(one: T, other: T): T => {
    const both: Record<string, number> = { ...one };
    for (const [key, count] of Object.entries(other)) both[key] = (both[key] ?? 0) + count;
    return both as T;
  };
  return {
    inFlight: sum(a.inFlight, b.inFlight),
    after: sum(a.after, b.after),
    healthyMs: sum(a.healthyMs, b.healthyMs),
    latencyMs: sum(a.latencyMs, b.latencyMs),
    prefillGapMs: sum(a.prefillGapMs, b.prefillGapMs),
    replayGapMs: sum(a.replayGapMs, b.replayGapMs),
    replayOwnMs: sum(a.replayOwnMs, b.replayOwnMs),
    blackouts: a.blackouts + b.blackouts,
  };
}

export function countOf(ends: Ends): number {
  return ends.whole + ends.error + ends.silent + ends.timeout;
}

export function timesOf(values: readonly number[]): Times {
  const times: Times = {};
  for (const value of values) {
    const step = String(Math.max(0, Math.round(Math.log(Math.max(value, 1)) / Math.log(base))));
    times[step] = (times[step] ?? 0) + 1;
  }
  return times;
}

/** The time at or below which `share` of them lie, ms; NaN when there are none. */
export function percentileOf(times: Times, share: number): number {
  const steps = Object.entries(times).sort(([a], [b]) => Number(a) - Number(b));
  const total = steps.reduce((sum, [, count]) => sum + count, 0);
  let left = Math.ceil(share * total);
  for (const [step, count] of steps) {
    left -= count;
    if (left <= 0) return base ** Number(step);
  }
  return Number.NaN;
}

const base = 1.02;

/** Lower bound of a share, 95 %, as the command that breaks whole networks gives it; NaN when nothing was counted. */
export function wilsonLower(successes: number, total: number): number {
  return total === 0 ? Number.NaN : wilson(successes, total)[0];
}
