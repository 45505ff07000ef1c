import { type Figure, isMet } from "./measurement.ts";
import type { Result } from "./results.ts";

/** The results as Markdown: figures with their targets beside them, then where, when and how. */
export function report(results: readonly Result[]): string {
  return `${["# Bench: the main job", ...results.map(section)].join("\n\n")}\n`;
}

/** One result: its figures with their targets, then where, when and how. */
export function section({
  name,
  method,
  seed,
  at,
  tookS,
  load,
  othersPercent,
  machine,
  figures,
}: Result): string {
  const { cpu, cores, memoryGb, system, node, commit } = machine;
  return [
    `## ${name}`,
    method,
    ["| figure | value | target | |", "|---|--:|--:|---|", ...figures.map(row)].join("\n"),
    `${cpu}, ${cores} cores, ${memoryGb} GB, ${system}, Node ${node}; commit ${commit}, seed ${seed}, ${at}, ${Math.round(tookS)} s; load average ${load[0]} before, ${load[1]} after; others used ${Math.round(othersPercent)} % of the machine meanwhile.`,
  ].join("\n\n");
}

function row(figure: Figure): string {
  const { name, target } = figure;
  const met = isMet(figure);
  const wanted =
    target === undefined ? "" : "atMost" in target ? `≤ ${target.atMost}` : `≥ ${target.atLeast}`;
  return `| ${name} | ${amount(figure)} | ${wanted} | ${met === undefined ? "" : met ? "met" : "**missed**"} |`;
}

function amount({ value, unit }: Figure): string {
  if (!Number.isFinite(value)) return "–";
  switch (unit) {
    case "count":
      return String(Math.round(value * 100) / 100);
    case "ratio":
      return `${value.toFixed(2)} ×`;
    case "ms":
      return `${value.toFixed(value < 10 ? 2 : 0)} ms`;
    default:
      return `${value.toFixed(1)} ${unit}`;
  }
}
