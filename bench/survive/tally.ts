import { wilson } from "../../src/commands/chaos/statistics.ts";
import type { Outcome } from "./outcome.ts";

/** Requests by how they ended. */
export type Ends = Record<Outcome["end"], number> & {
  /** False words that an explicit error took back; only where somebody lies. */
  withdrawn?: number;
};

/** Times by size, in steps of 2 %: small to keep, and exact enough for a percentile. */
export type Times = Record<string, number>;

/** What is kept of one blackout, or of several together. Times in ms. */
export interface Tally {
  /** Requests open at the instant of the fault. */
  readonly inFlight: Ends;
  /** Requests begun in the ten seconds after it. */
  readonly after: Ends;
  /** Explicit errors by code, where they have one. */
  readonly codes: Record<string, number>;
  /** Latency of whole answers: before the fault, and of both groups above. */
  readonly healthyMs: Times;
  readonly latencyMs: Times;
  /** Over upstreams: largest gap in answers that changed their speaker, by how whoever spoke after it took over. */
  readonly prefillGapMs: Times;
  readonly replayGapMs: Times;
  /** The latter less the time in which that upstream says again what was said: what Holdfast itself takes. */
  readonly replayOwnMs: Times;
  /** Over own nodes: largest gap in answers before the fault, which tells how busy the machine was. */
  readonly calmGapMs: Times;
  /** The same of answers whose speaker failed, by whether a witness of theirs was left. */
  readonly warmGapMs: Times;
  readonly coldGapMs: Times;
  /** Until the survivors say what they can, and until a mended node is used again; and how often neither came about. */
  readonly recoveryMs: Times;
  readonly returnMs: Times;
  readonly neverRecovered: number;
  readonly neverReturned: number;
  /** Struck nodes that a fault of the network did not reach, because another way to them was in use. */
  readonly bypassed: number;
  readonly blackouts: number;
}

export const noEnds: Ends = { whole: 0, error: 0, silent: 0, timeout: 0 };

export const emptyTally: Tally = {
  ...{ inFlight: noEnds, after: noEnds, codes: {}, healthyMs: {}, latencyMs: {} },
  ...{ prefillGapMs: {}, replayGapMs: {}, replayOwnMs: {}, calmGapMs: {}, warmGapMs: {}, coldGapMs: {} },
  ...{ recoveryMs: {}, returnMs: {}, neverRecovered: 0, neverReturned: 0, bypassed: 0, blackouts: 0 },
};

export function added(a: Tally, b: Tally): Tally {
  const names = Object.keys(emptyTally) as Array<keyof Tally>;
  return Object.fromEntries(names.map((name) => [name, sum(a[name], b[name])])) as unknown as Tally;
}

function sum(a: number | Record<string, number>, b: number | Record<string, number>) {
  if (typeof a === "number" || typeof b === "number") return Number(a) + Number(b);
  const both = { ...a };
  for (const [key, count] of Object.entries(b)) both[key] = (both[key] ?? 0) + count;
  return both;
}

/** All that were alive at some time in the ten seconds after the instant. */
export function aliveIn({ inFlight, after }: Pick<Tally, "inFlight" | "after">): Ends {
  return sum(inFlight, after) as Ends;
}

export function countOf(ends: Ends): number {
  return ends.whole + ends.error + (ends.withdrawn ?? 0) + ends.silent + ends.timeout;
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
