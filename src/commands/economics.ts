import {
  caughtShare,
  colludersDecide,
  type Stakes,
  stakeForMany,
  stakeForOne,
} from "../domain/verification/economics.ts";
import { type Detection, simulateDetection } from "../simulator/detection.ts";
import { wilson } from "./chaos/statistics.ts";
import { badOption, wholeNumber } from "./flag-values.ts";
import type { Flags } from "./settings.ts";
import { table } from "./table.ts";

/** Prices of one answer that a stake is told for, any unit. */
const pricesDefault = [1, 10, 100, 1000];

/** Every figure, from flags or their defaults. */
interface Economics {
  readonly assumed: Omit<Stakes, "fee">;
  /** Answers given before anything is found, where audits come late. */
  readonly answers: number;
  readonly formula: { readonly caught: number; readonly colludersDecide: number };
  readonly prices: readonly { readonly price: number; readonly atOnce: number; readonly atTheEnd: number }[];
  /** Draws by the real rules, if any were asked for. */
  readonly drawn?: { readonly trials: number; readonly seed: number; readonly counted: readonly Compared[] };
}

/**
 * `holdfast economics`: the stake that makes cheating a loss, for each price of an answer. With `--trials` the draws
 * are also made, by the real rules, and counted against the formula. `--json`: one object with every figure.
 */
export async function economics(flags: Flags): Promise<void> {
  const figures = reckon(flags);
  if (flags["json"]) console.log(JSON.stringify(figures));
  else print(figures);
}

/** Throws HoldfastError `bad-option` (fault user). */
export function reckon(flags: Flags): Economics {
  const assumed = {
    saving: share(flags, "saving", 1),
    auditShare: share(flags, "auditShare", 0.01),
    detection: share(flags, "detection", 0.95),
    adversaryShare: share(flags, "adversary", 0.3),
    witnesses: wholeNumber(flags, "witnesses", { least: 0, most: 64 }) ?? 2,
  };
  const one: Stakes = { ...assumed, fee: 1 };
  const answers = wholeNumber(flags, "answers", { least: 1, most: 1_000_000_000 }) ?? 10_000;
  const prices = pricesOf(flags).map((price) => ({
    price,
    atOnce: price * stakeForOne(one),
    atTheEnd: price * stakeForMany(one, answers),
  }));
  const formula = { caught: caughtShare(one), colludersDecide: colludersDecide(one) };
  const trials = wholeNumber(flags, "trials", { least: 0, most: 10_000_000 }) ?? 0;
  if (trials === 0) return { assumed, answers, formula, prices };
  const seed = wholeNumber(flags, "seed", { least: 0, most: 2 ** 31 }) ?? 1;
  const counted = againstDraws(simulateDetection(one, trials, seed), one);
  return { assumed, answers, formula, prices, drawn: { trials, seed, counted } };
}

interface Compared {
  readonly what: string;
  readonly formula: number;
  readonly count: number;
  readonly of: number;
  /** 95 % interval of the share counted. */
  readonly interval: readonly [number, number];
}

function againstDraws({ answers, audited, caught, waved }: Detection, stakes: Stakes): Compared[] {
  const compare = (what: string, formula: number, count: number, of: number): Compared => ({
    ...{ what, formula, count, of, interval: wilson(count, of) },
  });
  return [
    compare("audited", stakes.auditShare, audited, answers),
    compare("caught", caughtShare(stakes), caught, answers),
    compare("colluders decide", colludersDecide(stakes), waved, audited),
  ];
}

function print({ assumed, answers, formula, prices, drawn }: Economics): void {
  const { auditShare, detection, adversaryShare, witnesses } = assumed;
  console.log(
    `An answer is audited with chance ${percent(auditShare)}; a cheat in it is seen with chance ${percent(detection)}; ${percent(adversaryShare)} of the stake colludes; ${witnesses} witnesses.`,
  );
  console.log(
    `A cheated answer is caught with chance ${percent(formula.caught)}; colluders decide an audit with chance ${percent(formula.colludersDecide)}.\n`,
  );
  const stakes = prices.map(({ price, atOnce, atTheEnd }) => [price, atOnce, atTheEnd].map(money));
  const head = ["price of an answer", "stake, caught at once", `stake, caught after ${answers} answers`];
  console.log(table([head, ...stakes]));
  if (drawn === undefined) return;
  console.log(`\n${drawn.trials} cheated answers drawn by the real rules, seed ${drawn.seed}:`);
  const rows = drawn.counted.map(({ what, formula, count, of, interval: [low, high] }) => [
    ...[what, percent(formula), `${count} of ${of}`, `${percent(low)} to ${percent(high)}`],
  ]);
  console.log(table([["", "formula", "drawn", "95 % interval"], ...rows]));
}

function money(amount: number): string {
  if (!Number.isFinite(amount)) return "no stake is enough";
  return amount >= 100 ? Math.ceil(amount).toLocaleString("en-GB") : String(Number(amount.toPrecision(3)));
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

function pricesOf(flags: Flags): number[] {
  const given = flags["prices"];
  if (typeof given !== "string") return pricesDefault;
  const prices = given.split(",").map(Number);
  if (prices.every((price) => Number.isFinite(price) && price > 0)) return prices;
  throw badOption("prices", given, "numbers above 0, separated by commas");
}

function share(flags: Flags, name: string, otherwise: number): number {
  const given = flags[name];
  if (typeof given !== "string") return otherwise;
  const value = given.endsWith("%") ? Number(given.slice(0, -1)) / 100 : Number(given);
  if (given.trim() !== "" && value >= 0 && value <= 1) return value;
  throw badOption(name, given, "a share from 0 to 1, or a percentage");
}
