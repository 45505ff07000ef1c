import { leafDistance } from "../../domain/verification/distance.ts";
import type { Threshold, Tolerance } from "../../domain/verification/tolerance.ts";
import type { Said, Seen } from "./trace.ts";

/** One honest answer, as its speaker and its witness saw it. */
export interface HonestPair {
  readonly said: Said;
  readonly seen: Seen;
}

/** Numbers of positions for which thresholds are fitted. An audit opens 32; shorter answers open what they have. */
const distanceCounts = [8, 16, 24, 32];
const marginCounts = [8, 16, 32, 64];

/**
 * Bounds fitted to honest answers alone. For each number of positions, means over that many are drawn from each answer;
 * `near` is what all but one in a hundred stay below. `far` lies where the tail would be passed once in a hundred
 * thousand, if it goes on to fall off exponentially as its last twentieth does, and never below the largest mean seen
 * and a little more: what was not measured is guessed on the safe side.
 */
export function fitTolerance(pairs: readonly HonestPair[], chance: () => number): Tolerance {
  const distances = pairs.map(({ said, seen }) =>
    said.leaves.map((leaf, at) => leafDistance(leaf, seen.leaves[at]!)),
  );
  const margins = pairs.map(({ seen }) => informativeMargins(seen));
  const largest = Math.max(0, ...pairs.flatMap(({ seen }) => seen.margins));
  return {
    distance: fitThresholds(distances, distanceCounts, chance),
    margin: fitThresholds(margins, marginCounts, chance),
    marginMax: rounded(Math.max(1.2, 1.5 * largest)),
  };
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

/** Draws of means from one answer: more would only repeat it. */
const drawsPerAnswer = 4;

function fitThresholds(
  answers: ReadonlyArray<readonly number[]>,
  counts: readonly number[],
  chance: () => number,
): Threshold[] {
  return counts.flatMap((from) => {
    const means = answers.flatMap((values) =>
      values.length < from
        ? []
        : Array.from({ length: drawsPerAnswer }, () => meanOf(drawn(values, from, chance))),
    );
    return means.length < answersLeast ? [] : [{ from, ...boundsOf(means) }];
  });
}

/** Below this many means a tail is a matter of taste. */
const answersLeast = 40;

function boundsOf(means: readonly number[]): Omit<Threshold, "from"> {
  const sorted = means.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  const tail = at(0.95);
  const beyond = sorted.filter((mean) => mean > tail).map((mean) => mean - tail);
  const scale = beyond.length === 0 ? 0 : meanOf(beyond);
  const far = Math.max(tail + scale * Math.log(0.05 / 1e-5), 1.15 * sorted.at(-1)!);
  return { near: rounded(Math.max(at(0.99), tail)), far: rounded(far) };
}

function drawn(values: readonly number[], count: number, chance: () => number): number[] {
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
