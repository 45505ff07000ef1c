import { clopperPearson } from "../../src/commands/calibrate/clopper-pearson.ts";
import type { Leaf } from "../../src/domain/verification/leaf.ts";
import type { Ruling } from "../../src/domain/verification/ruling.ts";
import type { Tolerances } from "../../src/domain/verification/tolerance.ts";
import { madeUp } from "../../test/adversaries/bent-witness.ts";
import { type Reading, tokensLeast } from "./readings.ts";
import { falsePart, partOf, replay, settle } from "./replay.ts";

/** How often one kind of answer was convicted, with the exact 95 % interval. */
export interface Detection {
  readonly name: string;
  /** Answers of at least `tokensLeast` tokens; shorter ones are counted beside them. */
  readonly answers: number;
  readonly tooShort: number;
  /** Informative positions of an answer, in the middle: where the margin test has something to see. */
  readonly informative: number;
  readonly convicted: number;
  /** Of an executor: so many by its witnesses alone, as if it had bent its own fingerprint to fit its words. */
  readonly byWitnesses?: number;
  readonly inconclusive: number;
  readonly passed: number;
  readonly share: number;
  readonly from: number;
  readonly to: number;
}

/** An executor's answers before the witnesses that read them, the first of whom has a twin for when they come to no verdict. */
export function detectExecutor(
  name: string,
  readings: readonly Reading[],
  tolerances: Tolerances,
): Detection {
  const verdicts = (own: boolean) =>
    tally(name, readings, ({ said, honest }) => {
      const parts = honest.map((seen) => partOf(said, seen, tolerances));
      const met = settle(said, parts, [parts[0]!], tolerances, own ? {} : { ownFrom: said.ids.length });
      return met.ruling.verdict;
    });
  return { ...verdicts(true), byWitnesses: verdicts(false).convicted };
}

/** Witnesses that made their leaves up, took them from another answer, or computed them with the cheap weights. */
export function detectFalseWitnesses(honest: readonly Reading[], tolerances: Tolerances): Detection[] {
  const after = (at: number) => honest[(at + 1) % honest.length]!.said.leaves;
  const withCheap = honest.filter(({ cheap }) => cheap !== undefined);
  return [
    detectWitness("lazy witness", honest, tolerances, () => Array.from({ length: 128 }, madeUp)),
    detectWitness("copied fingerprint", honest, tolerances, (_, at) => after(at)),
    detectWitness("forged leaves", withCheap, tolerances, ({ cheap }) => cheap!.leaves),
  ];
}

/** A false witness beside two honest ones and an honest executor: convicted when it, and nobody else, is an outlier. */
function detectWitness(
  name: string,
  readings: readonly Reading[],
  tolerances: Tolerances,
  leavesOf: (reading: Reading, at: number) => readonly Leaf[],
): Detection {
  return tally(name, readings, (reading) => {
    const { said, honest } = reading;
    const parts = honest.map((seen) => partOf(said, seen, tolerances));
    const liar = falsePart(said, honest[0]!, leavesOf(reading, readings.indexOf(reading)));
    return outlierVerdict(replay(said, [...parts, liar], tolerances));
  });
}

function outlierVerdict({ verdict, outliers, members }: Ruling): "valid" | "invalid" | "inconclusive" {
  if (verdict === "invalid") return "inconclusive";
  const isFound = outliers.length === 1 && outliers[0] === members.at(-1)?.node;
  return isFound ? "invalid" : verdict;
}

function tally(
  name: string,
  readings: readonly Reading[],
  verdictOf: (reading: Reading) => Ruling["verdict"],
): Detection {
  const longEnough = readings.filter(({ said }) => said.ids.length >= tokensLeast);
  const verdicts = longEnough.map(verdictOf);
  const count = (verdict: string) => verdicts.filter((each) => each === verdict).length;
  const [convicted, answers] = [count("invalid"), verdicts.length];
  const [from, to] = clopperPearson(convicted, answers);
  return {
    ...{ name, answers, tooShort: readings.length - answers, informative: middleInformative(longEnough) },
    ...{ convicted, inconclusive: count("inconclusive"), passed: count("valid") },
    ...{ share: answers === 0 ? Number.NaN : convicted / answers, from, to },
  };
}

/** Several as one. */
export function together(name: string, all: readonly Detection[]): Detection {
  const sum = (part: "answers" | "tooShort" | "convicted" | "inconclusive" | "passed") =>
    all.reduce((total, each) => total + each[part], 0);
  const [convicted, answers] = [sum("convicted"), sum("answers")];
  const [from, to] = clopperPearson(convicted, answers);
  const informative = all.map((each) => each.informative).sort((a, b) => a - b)[all.length >> 1] ?? 0;
  return {
    ...{
      name,
      answers,
      tooShort: sum("tooShort"),
      informative,
      convicted,
      inconclusive: sum("inconclusive"),
    },
    ...{ passed: sum("passed"), share: convicted / answers, from, to },
    byWitnesses: all.reduce((total, each) => total + (each.byWitnesses ?? 0), 0),
  };
}

function middleInformative(readings: readonly Reading[]): number {
  const counts = readings.map(({ honest }) => honest[0]!.informative.filter(Boolean).length);
  return counts.sort((a, b) => a - b)[counts.length >> 1] ?? 0;
}
