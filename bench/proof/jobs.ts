import { clopperPearson } from "../../src/commands/calibrate/clopper-pearson.ts";
import type { Said } from "../../src/commands/calibrate/trace.ts";
import type { Leaf } from "../../src/domain/verification/leaf.ts";
import type { Ruling } from "../../src/domain/verification/ruling.ts";
import type { Tolerances } from "../../src/domain/verification/tolerance.ts";
import { type Chance, createChance } from "../../src/simulator/chance.ts";
import { madeUp } from "../../test/adversaries/bent-witness.ts";
import type { Reading } from "./readings.ts";
import { falsePart, partOf, settle, type Witness } from "./replay.ts";

/** What a provider does when it witnesses. Whoever cheats only as an executor witnesses honestly. */
const witnessCheats = ["lazy", "copied", "forged", "accuses", "withholds"] as const;
type WitnessCheat = (typeof witnessCheats)[number];

export interface JobsOptions {
  readonly jobs: number;
  readonly seed: number;
  readonly tolerances: Tolerances;
  readonly honest: readonly Reading[];
  /** By the executor's cheat. */
  readonly cheating: ReadonlyMap<string, readonly Reading[]>;
  /** Has each cheating executor one witness in league with it, fewer than a quorum? */
  readonly colluding: boolean;
}

export interface JobsResult {
  readonly jobs: number;
  readonly colluding: boolean;
  /** By an honest executor, and by one that cheats. */
  readonly right: Outcomes;
  readonly wrong: Outcomes;
  /** Wrong answers that became final, with the 95 % interval of their share. */
  readonly wrongFinal: { readonly count: number; readonly from: number; readonly to: number };
  /** Honest nodes whose answer was called invalid, or whose fingerprint was called an outlier. */
  readonly honestBlamed: number;
  /** Committees that met again. */
  readonly again: number;
}

type Outcomes = Record<Ruling["verdict"], number>;

/** Providers in the pool, and of them those that cheat: one in five, each in one way. */
const poolSize = 100;
const cheaters = 20;
const witnesses = 2;
const moreWitnesses = 2;

/**
 * Jobs out of one pool of providers, each before a committee drawn by chance: two witnesses, up to two more where it comes
 * to no verdict, as the gateway does it; with fresh keys, commits and openings by the real rules.
 */
export function runJobs({ jobs, seed, ...options }: JobsOptions): JobsResult {
  const chance = createChance(seed).child("jobs");
  const kinds = [...options.cheating.keys(), ...witnessCheats];
  const right: Outcomes = { valid: 0, invalid: 0, inconclusive: 0 };
  const wrong: Outcomes = { valid: 0, invalid: 0, inconclusive: 0 };
  let [honestBlamed, again] = [0, 0];
  for (let job = 0; job < jobs; job += 1) {
    const [executor = 0, ...others] = drawn(chance, 1 + witnesses + moreWitnesses);
    const kindOf = (who: number) => (who < cheaters ? kinds[who % kinds.length] : undefined);
    const cheat = kindOf(executor);
    const lies = cheat !== undefined && options.cheating.has(cheat);
    const readings = lies ? options.cheating.get(cheat)! : options.honest;
    const reading = readings[chance.below(readings.length)]!;
    const parts = others.map((who, at): Seated => {
      if (lies && options.colluding && at === 0) return { ...inLeague(reading.said, chance), false: true };
      return seated(reading, kindOf(who), at, options);
    });
    const [first, reserve] = [parts.slice(0, witnesses), parts.slice(witnesses)];
    const { ruling, seats, ...met } = settle(reading.said, first, reserve, options.tolerances);
    (lies ? wrong : right)[ruling.verdict] += 1;
    if (met.again) again += 1;
    if (!lies && ruling.verdict === "invalid") honestBlamed += 1;
    const honestSeats = ruling.members.slice(1).filter((_, at) => !seats[at]!.false);
    honestBlamed += honestSeats.filter(({ node }) => ruling.outliers.includes(node)).length;
  }
  const [from, to] = clopperPearson(wrong.valid, jobs);
  const wrongFinal = { count: wrong.valid, from, to };
  return { jobs, colluding: options.colluding, right, wrong, wrongFinal, honestBlamed, again };
}

interface Seated extends Witness {
  readonly false: boolean;
}

function seated(
  reading: Reading,
  kind: string | undefined,
  at: number,
  options: Pick<JobsOptions, "tolerances" | "honest">,
): Seated {
  const eyes = reading.honest[at % reading.honest.length]!;
  const honest = partOf(reading.said, eyes, options.tolerances);
  if (!isWitnessCheat(kind)) return { ...honest, false: false };
  const pretended = (leaves: readonly Leaf[]) => falsePart(reading.said, eyes, leaves);
  const other = options.honest.find(({ said }) => said !== reading.said)!;
  const parts: Record<WitnessCheat, () => Witness> = {
    lazy: () => pretended(Array.from({ length: 128 }, madeUp)),
    copied: () => pretended(other.said.leaves),
    forged: () => pretended(reading.cheap?.leaves ?? other.said.leaves),
    accuses: () => ({ ...honest, verdict: "invalid" }),
    withholds: () => ({ ...honest, silent: true }),
  };
  return { ...parts[kind](), false: true };
}

function isWitnessCheat(kind: string | undefined): kind is WitnessCheat {
  return (witnessCheats as readonly (string | undefined)[]).includes(kind);
}

/** Whoever is told what the executor saw shows the same, a little off, and calls it right. */
function inLeague({ leaves, profile }: Said, chance: Chance): Witness {
  const shown = leaves.map(({ ids, steps }) => {
    let last = 0;
    return {
      ids,
      steps: steps.map((step, at) => {
        last = at === 0 ? 0 : Math.max(last, step + chance.below(9) - 4);
        return last;
      }),
    };
  });
  return { leaves: shown, profile, verdict: "valid" };
}

/** So many of the pool, no two of them the same. */
function drawn(chance: Chance, count: number): number[] {
  const found = new Set<number>();
  while (found.size < count) found.add(chance.below(poolSize));
  return [...found];
}
