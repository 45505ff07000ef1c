import { aftermathOf, type Judged, largestGap } from "./aftermath.ts";
import type { Blackout } from "./blackout.ts";
import type { Fault } from "./fault.ts";
import { type Outcome, silentFailures } from "./outcome.ts";
import { percentile, wilson } from "./statistics.ts";
import type { Stream } from "./stream.ts";

/** How many requests there were, and what became of them. */
export interface Count {
  readonly requests: number;
  readonly success: number;
  readonly error: number;
  /** False words that an explicit error took back. */
  readonly withdrawn: number;
  readonly silent: Readonly<Record<(typeof silentFailures)[number], number>>;
  readonly share: number;
  /** 95 %, Wilson. */
  readonly interval: readonly [low: number, high: number];
  /** Explicit errors by code. */
  readonly codes: Readonly<Record<string, number>>;
}

/** ms. */
export interface Spread {
  readonly n: number;
  readonly p50: number | undefined;
  readonly p99: number | undefined;
  readonly max: number | undefined;
}

/** What the blackouts of one fault showed together; see Aftermath for what each figure is. */
export interface FaultFigures {
  readonly fault: Fault;
  readonly blackouts: number;
  readonly inFlight: Count;
  readonly alive: Count;
  readonly gapMs: Spread;
  readonly coldGapMs: Spread;
  readonly recoveryMs: Spread;
  readonly neverRecovered: number;
  readonly returnMs: Spread;
  readonly neverReturned: number;
  /** Victims that the fault could not reach, because another way to them was in use. */
  readonly bypassed: number;
  /** Time to the first words, from when the request was due, of those alive. */
  readonly firstMs: Spread;
  /** What those alive took beyond the words' own time, from when they were due. */
  readonly excessMs: Spread;
}

export function figuresOf(fault: Fault, blackouts: readonly Blackout[], judged: Judged): FaultFigures {
  const all = blackouts.map((blackout) => aftermathOf(blackout, judged));
  const alive = all.flatMap((each) => each.alive);
  const recoveries = all.map(({ recoveryMs }) => recoveryMs);
  const returned = all.flatMap(({ returnsMs }) => returnsMs);
  const never = (times: ReadonlyArray<number | undefined>) => times.filter((ms) => ms === undefined).length;
  return {
    ...{ fault, blackouts: blackouts.length },
    inFlight: countOf(
      all.flatMap(({ inFlight }) => inFlight),
      judged.outcome,
    ),
    alive: countOf(alive, judged.outcome),
    gapMs: spreadOf(all.flatMap(({ warmGapsMs }) => warmGapsMs)),
    coldGapMs: spreadOf(all.flatMap(({ coldGapsMs }) => coldGapsMs)),
    ...{ recoveryMs: spreadOf(recoveries), neverRecovered: never(recoveries) },
    ...{ returnMs: spreadOf(returned), neverReturned: never(returned) },
    bypassed: blackouts.reduce((sum, { bypassed }) => sum + bypassed, 0),
    firstMs: spreadOf(alive.map(firstMs)),
    excessMs: spreadOf(alive.map((stream) => excessMs(stream, judged.wordMs))),
  };
}

/** The same of answers that ended before anything was broken: what the network is like when well. */
export function calmOf(streams: readonly Stream[], wordMs: number) {
  return {
    gapMs: spreadOf(streams.map((stream) => largestGap(stream, Number.NEGATIVE_INFINITY))),
    firstMs: spreadOf(streams.map(firstMs)),
    excessMs: spreadOf(streams.map((stream) => excessMs(stream, wordMs))),
  };
}

export function countOf(streams: readonly Stream[], outcome: (stream: Stream) => Outcome): Count {
  const outcomes = streams.map(outcome);
  const count = (wanted: Outcome) => outcomes.filter((one) => one === wanted).length;
  const codes: Record<string, number> = {};
  for (const [index, { error }] of streams.entries())
    if (outcomes[index] === "error" && error !== undefined) codes[error] = (codes[error] ?? 0) + 1;
  const [requests, success] = [streams.length, count("success")];
  return {
    ...{ requests, success, error: count("error"), withdrawn: count("withdrawn"), codes },
    silent: Object.fromEntries(silentFailures.map((name) => [name, count(name)])) as Count["silent"],
    share: requests === 0 ? 1 : success / requests,
    interval: wilson(success, requests),
  };
}

function firstMs({ pieces, question }: Stream): number | undefined {
  const [first] = pieces;
  return first && first.at - question.dueAt;
}

function excessMs({ endedAt, question, error }: Stream, wordMs: number): number | undefined {
  if (endedAt === undefined || error !== undefined) return undefined;
  return endedAt - question.dueAt - question.tokens * wordMs;
}

function spreadOf(samples: ReadonlyArray<number | undefined>): Spread {
  const known = samples.filter((sample) => sample !== undefined);
  const rounded = (share: number) => {
    const value = percentile(known, share);
    return value === undefined ? undefined : Math.round(value);
  };
  return { n: known.length, p50: rounded(0.5), p99: rounded(0.99), max: rounded(1) };
}
