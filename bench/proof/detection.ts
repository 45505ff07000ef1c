import { clopperPearson } from "../../src/commands/calibrate/clopper-pearson.ts";
import type { Leaf } from "../../src/domain/verification/leaf.ts";
import type { Ruling } from "../../src/domain/verification/ruling.ts";
import type { Tolerances } from "../../src/domain/verification/tolerance.ts";
import { madeUp } from "../../test/adversaries/bent-voice.ts";
import type { Recorded } from "./recordings.ts";
import { falsePart, partOf, replay } from "./replay.ts";

/** How often one kind of answer was convicted, with the exact 95 % interval. */
export interface Detection {
  readonly name: string;
  /** Answers of at least `tokensLeast` tokens; shorter ones are counted beside them. */
  readonly answers: number;
  readonly tooShort: number;
  readonly convicted: number;
  readonly inconclusive: number;
  readonly passed: number;
  readonly share: number;
  readonly from: number;
  readonly to: number;
}

/** Below this many tokens nothing is promised of an answer. */
const tokensLeast = 64;

/** An executor's answers before two honest witnesses of one recorded profile. */
export function detectExecutor(name: string, { said, seen }: Recorded, tolerances: Tolerances): Detection {
  const rulings = pairs({ said, seen }).map(({ one, other }) => {
    const part = partOf(one, other, tolerances);
    return replay(one, [part, part], tolerances).verdict;
  });
  return tally(name, rulings, tooShort({ said, seen }));
}

/** A false witness beside two honest ones and an honest executor: convicted when it, and nobody else, is an outlier. */
export function detectWitness(
  name: string,
  { said, seen }: Recorded,
  tolerances: Tolerances,
  leavesOf: (answer: number) => readonly Leaf[],
): Detection {
  const rulings = pairs({ said, seen }).map(({ one, other }) => {
    const part = partOf(one, other, tolerances);
    const ruling = replay(one, [part, part, falsePart(one, other, leavesOf(one.index))], tolerances);
    return outlierVerdict(ruling);
  });
  return tally(name, rulings, tooShort({ said, seen }));
}

/** Witnesses that made their leaves up, and that took them from another answer. */
export function detectFalseWitnesses(honest: Recorded, tolerances: Tolerances): Detection[] {
  const { seen } = honest;
  const after = (answer: number) => seen.find(({ index }) => index > answer) ?? seen[0]!;
  return [
    detectWitness("lazy", honest, tolerances, () => Array.from({ length: 128 }, madeUp)),
    detectWitness("copied", honest, tolerances, (answer) => after(answer).leaves),
  ];
}

function outlierVerdict({ verdict, outliers, members }: Ruling): "valid" | "invalid" | "inconclusive" {
  if (verdict !== "valid") return "inconclusive";
  const isFound = outliers.length === 1 && outliers[0] === members.at(-1)?.node;
  return isFound ? "invalid" : "valid";
}

function pairs({ said, seen }: Recorded) {
  return said.flatMap((one, at) => {
    const other = seen[at];
    return other === undefined || one.ids.length < tokensLeast ? [] : [{ one, other }];
  });
}

function tooShort({ said }: Recorded): number {
  return said.filter(({ ids }) => ids.length < tokensLeast).length;
}

function tally(name: string, verdicts: readonly string[], tooShort: number): Detection {
  const count = (verdict: string) => verdicts.filter((each) => each === verdict).length;
  const [convicted, answers] = [count("invalid"), verdicts.length];
  const [from, to] = clopperPearson(convicted, answers);
  const share = answers === 0 ? Number.NaN : convicted / answers;
  return {
    ...{ name, answers, tooShort, convicted, inconclusive: count("inconclusive"), passed: count("valid") },
    ...{ share, from, to },
  };
}
