import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "./machine.ts";
import type { Outcome } from "./measurement.ts";

/** One measurement as it is kept: with all that is needed to doubt it. */
export interface Result extends Outcome {
  readonly name: string;
  readonly method: string;
  readonly seed: number;
  /** When it was begun. */
  readonly at: string;
  readonly tookS: number;
  /** Load average of the machine before (others' work) and after (the bench's own included). */
  readonly load: readonly [before: number, after: number];
  /** Share of the machine that others used meanwhile, %. */
  readonly othersPercent: number;
  readonly machine: Machine;
}

const folder = join(import.meta.dirname, "results");
const file = join(folder, "main.json");

/** The last full result of each measurement, with `fresh` in place of the one before of its name. */
export function keep(
  fresh: Result,
  order: readonly string[],
  markdown: (all: readonly Result[]) => string,
): void {
  const before = existsSync(file)
    ? (JSON.parse(readFileSync(file, "utf8")) as { results: Result[] }).results
    : [];
  const all = [...before.filter(({ name }) => name !== fresh.name), fresh].sort(
    (a, b) => order.indexOf(a.name) - order.indexOf(b.name),
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, asJson({ results: all }));
  writeFileSync(join(folder, "main.md"), markdown(all));
}

/** Lists of numbers on one line each. */
export function asJson(value: unknown): string {
  const rounded = (_: string, each: unknown) =>
    typeof each === "number" ? Math.round(each * 1000) / 1000 : each;
  const text = JSON.stringify(value, rounded, 2);
  return `${text.replace(/\[[\s\d.,eE+-]+\]/g, (list) => list.replace(/\s+/g, " "))}\n`;
}
