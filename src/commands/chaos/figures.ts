import { type Blackout, outageMs, returns } from "./blackout.ts";
import type { Fault } from "./fault.ts";
import { type Outcome, silentFailures } from "./outcome.ts";
import { percentile, wilson } from "./statistics.ts";
import type { Stream } from "./stream.ts";

/** How many requests there were, and what became of them. */
export interface Count {
  readonly requests: number;
  readonly success: number;
  readonly error: number;
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

export interface FaultFigures {
  readonly fault: Fault;
  readonly blackouts: number;
  readonly inFlight: Count;
  readonly alive: Count;
  /** Largest gap between two pieces, of streams whose speaker failed while a witness they had named did not. */
  readonly gapMs: Spread;
  /** The same where every witness named had failed too, or there was none. */
  readonly coldGapMs: Spread;
  /** From the instant until words come at nine tenths of what the survivors can say, over half a second. */
  readonly recoveryMs: Spread;
  readonly neverRecovered: number;
  /** From being back until first named as executor or witness. */
  readonly returnMs: Spread;
  readonly neverReturned: number;
  /** Time to the first words, from when the request was due, of those alive. */
  readonly firstMs: Spread;
  /** What those alive took beyond the words' own time, from when they were due. */
  readonly excessMs: Spread;
}

export interface Judged {
  readonly streams: readonly Stream[];
  readonly outcome: (stream: Stream) => Outcome;
  /** Usual time of one word in an undisturbed answer, ms. */
  readonly wordMs: number;
  /** Share of the undisturbed rate that so many survivors can carry. */
  readonly capacity: (survivors: number) => number;
}

export function figuresOf(fault: Fault, blackouts: readonly Blackout[], judged: Judged): FaultFigures {
  const inFlight = blackouts.flatMap(({ struck }) => struck).filter(isOver);
  const alive = blackouts.flatMap((blackout) => aliveAfter(blackout, judged.streams));
  const lost = blackouts.flatMap((blackout) => lostSpeakers(blackout));
  const recoveries = blackouts.map((blackout) => recovery(blackout, judged));
  const back = blackouts.filter(({ mendedAt }) => mendedAt !== undefined);
  const returned = back.flatMap((blackout) => returns(blackout, judged.streams));
  return {
    ...{ fault, blackouts: blackouts.length },
    inFlight: countOf(inFlight, judged.outcome),
    alive: countOf(alive, judged.outcome),
    gapMs: spreadOf(lost.filter(({ warm }) => warm).map(({ gapMs }) => gapMs)),
    coldGapMs: spreadOf(lost.filter(({ warm }) => !warm).map(({ gapMs }) => gapMs)),
    recoveryMs: spreadOf(recoveries),
    neverRecovered: recoveries.filter((ms) => ms === undefined).length,
    returnMs: spreadOf(returned),
    neverReturned: returned.filter((ms) => ms === undefined).length,
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

/** What was given up by this run's own end counts for nothing. */
export function isOver({ end }: Stream): boolean {
  return end !== undefined && end !== "ours";
}

function aliveAfter({ at, struck }: Blackout, streams: readonly Stream[]): Stream[] {
  const begun = streams.filter(({ sentAt }) => sentAt > at && sentAt <= at + outageMs);
  return [...struck, ...begun].filter(isOver);
}

export function countOf(streams: readonly Stream[], outcome: (stream: Stream) => Outcome): Count {
  const outcomes = streams.map(outcome);
  const count = (wanted: Outcome) => outcomes.filter((one) => one === wanted).length;
  const codes: Record<string, number> = {};
  for (const [index, { error }] of streams.entries())
    if (outcomes[index] === "error" && error !== undefined) codes[error] = (codes[error] ?? 0) + 1;
  const [requests, success] = [streams.length, count("success")];
  return {
    ...{ requests, success, error: count("error"), codes },
    silent: Object.fromEntries(silentFailures.map((name) => [name, count(name)])) as Count["silent"],
    share: requests === 0 ? 1 : success / requests,
    interval: wilson(success, requests),
  };
}

/** Streams that had begun to speak and lost who spoke. Without a piece after the instant there is no gap to measure. */
function lostSpeakers({ at, struck, victims }: Blackout): Array<{ warm: boolean; gapMs: number }> {
  return struck.filter(isOver).flatMap((stream) => {
    const cast = stream.casts.findLast((one) => one.at <= at);
    if (cast === undefined || !victims.has(cast.executor)) return [];
    const gapMs = largestGap(stream, at);
    const warm = cast.witnesses.some((peer) => !victims.has(peer));
    return gapMs === undefined ? [] : [{ warm, gapMs }];
  });
}

/** Largest gap between two pieces of which the second came after `after`. */
function largestGap({ pieces }: Stream, after: number): number | undefined {
  let largest: number | undefined;
  for (let index = 1; index < pieces.length; index += 1) {
    const at = pieces[index]!.at;
    if (at > after) largest = Math.max(largest ?? 0, at - pieces[index - 1]!.at);
  }
  return largest;
}

function firstMs({ pieces, question }: Stream): number | undefined {
  const [first] = pieces;
  return first && first.at - question.dueAt;
}

function excessMs({ endedAt, question, error }: Stream, wordMs: number): number | undefined {
  if (endedAt === undefined || error !== undefined) return undefined;
  return endedAt - question.dueAt - question.tokens * wordMs;
}

/** Windows in which words are counted, ms: several chunks of every stream, yet shorter than what is to be seen. */
const windowMs = 500;
const stepMs = 25;
const baselineMs = 3_000;
const recovered = 0.9;

/** See FaultFigures.recoveryMs; undefined: not while the outage lasted. */
function recovery({ at, nodes, victims }: Blackout, { streams, capacity }: Judged): number | undefined {
  const pieces = streams.flatMap((stream) => stream.pieces);
  const bins = new Float64Array(Math.ceil((outageMs + windowMs) / stepMs));
  let before = 0;
  for (const piece of pieces) {
    if (piece.at < at - baselineMs || piece.at >= at + outageMs) continue;
    if (piece.at < at) before += piece.words;
    else bins[Math.floor((piece.at - at) / stepMs)]! += piece.words;
  }
  const wanted = (before / baselineMs) * windowMs * capacity(nodes - victims.size) * recovered;
  // A network that said nothing before has nothing to come back to.
  if (before === 0) return undefined;
  const width = windowMs / stepMs;
  for (let from = 0; from + width <= outageMs / stepMs; from += 1) {
    const said = bins.subarray(from, from + width).reduce((sum, words) => sum + words, 0);
    if (said >= wanted) return from * stepMs;
  }
  return undefined;
}

function spreadOf(samples: ReadonlyArray<number | undefined>): Spread {
  const known = samples.filter((sample) => sample !== undefined);
  const rounded = (share: number) => {
    const value = percentile(known, share);
    return value === undefined ? undefined : Math.round(value);
  };
  return { n: known.length, p50: rounded(0.5), p99: rounded(0.99), max: rounded(1) };
}
