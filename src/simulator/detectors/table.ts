import { budgets } from "../../domain/inference/budgets.ts";
import { type Bounds, compareDetectors, everything, type Finding, falseShareToday } from "./comparison.ts";
import { detectors } from "./detectors.ts";
import { speakings } from "./rhythms.ts";

const unbound: Bounds = { name: "no bounds", least: 0, most: Number.POSITIVE_INFINITY };
const ours: Bounds = {
  name: `never below ${budgets.silenceMsLeast} ms, never above ${budgets.silenceMsMost} ms`,
  least: budgets.silenceMsLeast,
  most: budgets.silenceMsMost,
};
/** `npm run simulate -- --detectors`, as it is kept in bench/results/detectors.md. */
export function detectorsReport(seed: number): string {
  const sample = { seed, speakers: 40 };
  const columns = [...speakings.map(({ name }) => name), everything];
  const tables = [
    { bounds: ours, falseShare: falseShareToday(sample, ours), why: ", as what runs makes as it is set" },
    { bounds: unbound, falseShare: falseShareToday(sample, unbound), why: ", as what runs would make" },
    { bounds: unbound, falseShare: 1 / 1_000, why: "" },
  ].map(({ bounds, falseShare, why }) => {
    const found = compareDetectors(sample, falseShare, bounds);
    const title = `## One false alarm in ${Math.round(1 / falseShare)} intervals${why}; ${bounds.name}`;
    const head = `| detector | ${columns.join(" | ")} |\n|---|${columns.map(() => "--:").join("|")}|`;
    return `${title}\n\n${head}\n${rowsOf(found, columns)}`;
  });
  const told = (items: ReadonlyArray<{ name: string; about: string }>) =>
    items.map(({ name, about }) => `- ${name}: ${about}`).join("\n");
  const how =
    "Silence of a dead speaker until it is late, ms: mean / p99 over all instants at which it may die. Each detector is " +
    `set so that it makes the same share of false alarms: for each kind of speaking by itself, and (${everything}) with ` +
    "one setting for all kinds, as a product has.";
  return `${["# Detectors", how, told(detectors), told(speakings), ...tables, `Seed ${seed}.`].join("\n\n")}\n`;
}

function rowsOf(findings: readonly Finding[], columns: readonly string[]): string {
  return detectors
    .map(({ name }) => {
      const cells = columns.map((column) => {
        const found = findings.find(({ detector, speaking }) => detector === name && speaking === column)!;
        const { mean, p99 } = found.silenceMs;
        return `${Math.round(mean)} / ${Math.round(p99)}`;
      });
      return `| ${name} | ${cells.join(" | ")} |`;
    })
    .join("\n");
}
