import { clopperPearson } from "../../src/commands/calibrate/clopper-pearson.ts";
import type { Address } from "../../src/domain/ids.ts";
import { createDrifts } from "../../src/domain/verification/drift.ts";
import type { Tolerances } from "../../src/domain/verification/tolerance.ts";
import { type Reading, tokensLeast } from "./readings.ts";
import { partOf, replay } from "./replay.ts";

/** How often one kind of executor was too far from its witnesses over several of its answers. */
export interface OverSeveral {
  readonly name: string;
  readonly answers: number;
  /** Verdicts over several answers together; each answer is in one. */
  readonly verdicts: number;
  readonly found: number;
  readonly share: number;
  readonly from: number;
  readonly to: number;
}

/** The answers one after another, as a gateway adds up what committees opened of them. */
export function detectOverSeveral(
  name: string,
  readings: readonly Reading[],
  tolerances: Tolerances,
): OverSeveral {
  const long = readings.filter(({ said }) => said.ids.length >= tokensLeast);
  const drifts = createDrifts({ driftsMax: 1 });
  const verdicts = long.flatMap(({ said, honest }) => {
    const parts = honest.map((seen) => partOf(said, seen, tolerances));
    const { opened, pairs } = replay(said, parts, tolerances);
    const [profile, otherProfile] = [said.profile, honest[0]!.profile];
    const tolerance = tolerances(profile, otherProfile);
    if (tolerance === undefined) return [];
    const compared = { node: "0x" as Address, profile, otherProfile, opened, usual: pairs[0]!.usual };
    return drifts.note(compared, tolerance) ?? [];
  });
  const found = verdicts.filter((verdict) => verdict === "invalid").length;
  const [from, to] = clopperPearson(found, verdicts.length);
  const share = verdicts.length === 0 ? Number.NaN : found / verdicts.length;
  return { name, answers: long.length, verdicts: verdicts.length, found, share, from, to };
}
