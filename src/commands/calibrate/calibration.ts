import type { ModelId } from "../../domain/ids.ts";
import type { Verdict } from "../../domain/inference/effect.ts";
import { fingerprintDistance } from "../../domain/verification/distance.ts";
import { type MarginTally, noMargins, weighAnswer } from "../../domain/verification/margin-tally.ts";
import { positionsMax } from "../../domain/verification/positions.ts";
import { type Tolerance, weighMean } from "../../domain/verification/tolerance.ts";
import type { CalibratedPair, Calibration } from "../../protocol/calibration.ts";
import { createChance } from "../../simulator/chance.ts";
import { clopperPearson } from "./clopper-pearson.ts";
import { fitTolerance, type HonestPair } from "./fit.ts";
import type { Said, Seen } from "./trace.ts";

export interface RecordedSeries {
  readonly series: string;
  readonly said: readonly Said[];
  readonly seen: readonly Seen[];
}

/** Bounds for each pair of profiles that was recorded, and last those for all of them pooled, for CPUs not seen here. */
export function calibrationFrom(
  recorded: readonly RecordedSeries[],
  { model, madeAt }: { readonly model: ModelId; readonly madeAt: string },
): Calibration {
  const groups = new Map<string, HonestPair[]>();
  for (const { said, seen } of recorded) {
    for (const [at, one] of said.entries()) {
      const other = seen[at];
      if (other === undefined || one.ids.length === 0) continue;
      const key = [one.profile, other.profile].sort().join("\n");
      groups.set(key, [...(groups.get(key) ?? []), { said: one, seen: other }]);
    }
  }
  const pairs = [...groups].map(([key, group]) => {
    const [one, other] = key.split("\n") as [string, string];
    return calibrated(one, other, group);
  });
  const all = [...groups.values()].flat();
  const pooled = pooledProfile(all.map(({ said }) => said.profile));
  if (pairs.length > 1 && pooled !== undefined) pairs.push(calibrated(pooled, pooled, all));
  return { v: 2, model, madeAt, tail: "exponential beyond the 95th percentile", pairs };
}

/** Fitted on the even questions, tried on the odd ones. */
function calibrated(one: string, other: string, group: readonly HonestPair[]): CalibratedPair {
  const chance = createChance(group.length);
  const isEven = ({ said }: HonestPair) => said.index % 2 === 0;
  const [fitted, held] = [group.filter(isEven), group.filter((pair) => !isEven(pair))];
  const tolerance = fitTolerance(fitted, chance.next);
  const verdicts = held.map(({ said, seen }) => verdictsOn(said, seen, tolerance, chance.next));
  const convicted = verdicts.filter((found) => Object.values(found).includes("invalid")).length;
  const inconclusive = verdicts.filter((found) => Object.values(found).includes("inconclusive")).length;
  return {
    ...{ one, other, tolerance, fitted: fitted.length },
    tested: {
      ...{ answers: held.length, convicted, inconclusive: inconclusive - convicted > 0 ? inconclusive : 0 },
      convictedMost: clopperPearson(convicted, held.length)[1],
    },
  };
}

/** What each of the two tests says of one answer; positions are drawn as an audit draws them. */
export function verdictsOn(
  said: Said,
  seen: Seen,
  tolerance: Tolerance,
  chance: () => number,
): {
  readonly fingerprint: Verdict;
  readonly tokens: Verdict;
  readonly distance: number;
  readonly tally: MarginTally;
} {
  const places = said.leaves.map((_, at) => at);
  const opened: number[] = [];
  while (opened.length < positionsMax && places.length > 0)
    opened.push(...places.splice(Math.floor(chance() * places.length), 1));
  const distance = fingerprintDistance(
    opened.map((at) => said.leaves[at]!),
    opened.map((at) => seen.leaves[at]!),
  );
  const tally = tallyOf(seen);
  return {
    fingerprint: weighMean(distance, opened.length, tolerance.distance),
    tokens: weighAnswer(tally, tolerance),
    ...{ distance, tally },
  };
}

export function tallyOf({ margins, informative }: Seen): MarginTally {
  return {
    positions: margins.length,
    informative: informative.filter(Boolean).length,
    sum: margins.reduce((sum, margin) => sum + margin, 0),
    max: Math.max(noMargins.max, ...margins),
  };
}

/** CPU libraries and flash attention as `*`; undefined where the profiles differ in more than those. */
function pooledProfile(profiles: readonly string[]): string | undefined {
  const pooled = new Set(
    profiles.map((profile) => profile.replace(/ cpu-\S+ /, " cpu-* ").replace(/ fa=\S+$/, " fa=*")),
  );
  return pooled.size === 1 ? [...pooled][0] : undefined;
}
