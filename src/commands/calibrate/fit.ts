import {
  geometricMean,
  relativeDistanceMax,
  relativeDistances,
  rootMeanSquare,
} from "../../domain/verification/distance.ts";
import { severalAnswers } from "../../domain/verification/drift.ts";
import { positionsMax } from "../../domain/verification/positions.ts";
import type { Threshold, Tolerance } from "../../domain/verification/tolerance.ts";
import type { Said, Seen } from "./trace.ts";

/** One honest answer, as its speaker and its witness saw it. */
export interface HonestPair {
  readonly said: Said;
  readonly seen: Seen;
}

/** Numbers of positions for which thresholds are fitted. An audit opens the most; other answers open what they have. */
const distanceCounts = [8, 16, 24, 32, positionsMax];
const marginCounts = [8, 16, 32, 64];

/**
 * Bounds fitted to honest answers alone. For each number of positions, means over that many are drawn from each answer;
 * `near` is what all but one in a hundred stay below. `far` lies where the tail would be passed once in ten
 * thousand, if it goes on to fall off exponentially as its last twentieth does, and never below the largest mean seen
 * and a little more: what was not measured is guessed on the safe side. It takes a quorum of such pairs to convict, and
 * referees to slash.
 *
 * Of distances `near` lies half-way to `far`: answers of another kind than those recorded, such as those under a schema,
 * lie a little further apart, and must not end in doubt for it. Nothing that cheats was seen as near.
 *
 * Of several answers together, none of them under a schema, `far` is passed once in a thousand: it costs a reputation,
 * which comes back, and what it is there for lies no further from the honest.
 */
export function fitTolerance(pairs: readonly HonestPair[], chance: () => number): Tolerance {
  const distances = pairs.map(({ said, seen }) => relativeDistances(said.leaves, seen.leaves));
  const texts = distances.filter((_, at) => pairs[at]!.said.sampling.schema === undefined);
  const margins = pairs.map(({ seen }) => informativeMargins(seen));
  return {
    distance: [
      ...fitThresholds(distances, distanceCounts, chance, { mean: rootMeanSquare, bounds: roomyBoundsOf }),
      ...thresholdOf(
        severalAnswers,
        Array.from({ length: drawsPerAnswer }, () => pooledMeans(texts, chance)).flat(),
        severalBoundsOf,
      ),
    ].filter(({ far }) => far <= farMost),
    margin: fitThresholds(margins, marginCounts, chance, { mean: meanOf, bounds: boundsOf }),
    marginMax: rounded(marginMaxOf(pairs.flatMap(({ seen }) => seen.margins))),
  };
}

/** Where honest machines lie further apart than half of what one position may say, a lie would not lie much further. */
const farMost = relativeDistanceMax / 2;

/** Means over what audits open of several answers together; each answer is in one of these pools. */
function pooledMeans(answers: ReadonlyArray<readonly number[]>, chance: () => number): number[] {
  const long = answers.filter((values) => values.length >= positionsMax);
  const shuffled = drawn(long, long.length, chance).map((values) => drawn(values, positionsMax, chance));
  const each = severalAnswers / positionsMax;
  return Array.from({ length: Math.floor(shuffled.length / each) }, (_, at) =>
    geometricMean(shuffled.slice(at * each, (at + 1) * each).flat()),
  );
}

/** Margins by which the token test judges: their sum is over all positions, their number counts informative ones. */
function informativeMargins({ margins, informative }: Seen): number[] {
  const kept: number[] = [];
  let carried = 0;
  for (const [at, margin] of margins.entries()) {
    carried += margin;
    if (!informative[at]) continue;
    kept.push(carried);
    carried = 0;
  }
  return kept;
}

/** One margin in a thousand is taken for the tail of single margins, and its end for where one in ten million lies. */
const marginTail = 1e-3;
const marginBeyond = 1e-7;

/**
 * The bound on a single margin, logits: passed by one honest token in ten million, if the tail goes on to fall off
 * exponentially as its last thousandth does; never less than a little above the largest seen. With too few tokens for a
 * tail it is one that no honest machine was ever seen near to.
 */
function marginMaxOf(margins: readonly number[]): number {
  const largest = quantile(margins, 1);
  const beyond = tailOf(margins, marginTail);
  if (beyond.count < answersLeast) return Math.max(marginMaxUnknown, 1.5 * largest);
  return Math.max(beyond.from + beyond.scale * Math.log(marginTail / marginBeyond), 1.15 * largest);
}

const marginMaxUnknown = 1.2;

/** Draws of means from one answer: more would only repeat it. */
const drawsPerAnswer = 4;

function fitThresholds(
  answers: ReadonlyArray<readonly number[]>,
  counts: readonly number[],
  chance: () => number,
  {
    mean,
    bounds,
  }: { readonly mean: (values: readonly number[]) => number; readonly bounds: typeof boundsOf },
): Threshold[] {
  return counts.flatMap((from) => {
    const means = answers.flatMap((values) =>
      values.length < from
        ? []
        : Array.from({ length: drawsPerAnswer }, () => mean(drawn(values, from, chance))),
    );
    return thresholdOf(from, means, bounds);
  });
}

function thresholdOf(from: number, means: readonly number[], bounds: typeof boundsOf): Threshold[] {
  return means.length < answersLeast ? [] : [{ from, ...bounds(means) }];
}

/** Below this many means a tail is a matter of taste. */
const answersLeast = 40;

function boundsOf(means: readonly number[]): Omit<Threshold, "from"> {
  const far = Math.max(passedBy(means, meansBeyond), 1.15 * quantile(means, 1));
  return { near: rounded(quantile(means, 0.99)), far: rounded(far) };
}

function roomyBoundsOf(means: readonly number[]): Omit<Threshold, "from"> {
  const { near, far } = boundsOf(means);
  return { near: rounded((near + far) / 2), far };
}

function severalBoundsOf(means: readonly number[]): Omit<Threshold, "from"> {
  const near = quantile(means, 0.99);
  return { near: rounded(near), far: rounded(Math.max(near, passedBy(means, severalBeyond))) };
}

/** What this share of means would pass, by an exponential tail beyond their last twentieth. */
function passedBy(means: readonly number[], share: number): number {
  const { from, scale } = tailOf(means, meansTail);
  return from + scale * Math.log(meansTail / share);
}

const meansTail = 0.05;
const meansBeyond = 1e-4;
const severalBeyond = 1e-3;

/** Where the largest `share` of these begins, how far beyond that they lie on average, and how many do. */
function tailOf(values: readonly number[], share: number) {
  const from = quantile(values, 1 - share);
  const beyond = values.filter((value) => value > from).map((value) => value - from);
  return { from, scale: beyond.length === 0 ? 0 : meanOf(beyond), count: beyond.length };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

function drawn<Value>(values: readonly Value[], count: number, chance: () => number): Value[] {
  const left = [...values];
  return Array.from({ length: count }, () => left.splice(Math.floor(chance() * left.length), 1)[0]!);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Up, so that rounding never makes a bound stricter. */
function rounded(value: number): number {
  return Math.ceil(value * 1e4) / 1e4;
}
