import { faults } from "../../src/commands/chaos/fault.ts";
import type { Entry } from "./journal.ts";
import { ownNodes } from "./own-nodes.ts";
import { simulatedNodes } from "./simulated.ts";
import { aliveIn, countOf, percentileOf, type Tally } from "./tally.ts";

/** A figure that the simulator predicts, and how far it may be off to be believed. */
interface Prediction {
  readonly name: string;
  readonly unit: "%" | "ms";
  readonly offMost: number;
  of(tally: Tally): number;
}

const predictions: readonly Prediction[] = [
  { name: "alive", unit: "%", offMost: 0.5, of: (tally) => 100 * shareOf(tally) },
  { name: "warm gap p50", unit: "ms", offMost: 100, of: ({ warmGapMs }) => percentileOf(warmGapMs, 0.5) },
  { name: "warm gap p99", unit: "ms", offMost: 250, of: ({ warmGapMs }) => percentileOf(warmGapMs, 0.99) },
  { name: "recovery p50", unit: "ms", offMost: 500, of: ({ recoveryMs }) => percentileOf(recoveryMs, 0.5) },
];

/** What the simulator says of three of ten beside what real processes did, for each fault that both were struck by. */
export function validation(entries: readonly Entry[]): string[] {
  const tallyOf = (contender: string, fault: string) =>
    entries.find((each) => each.contender === contender && each.fault === fault && each.failing === 3)?.tally;
  const rows = faults.flatMap((fault) => {
    const real = tallyOf(ownNodes.name, fault);
    const simulated = tallyOf(simulatedNodes.name, fault);
    if (real === undefined || simulated === undefined) return [];
    return [`| ${[fault, ...predictions.map((one) => compared(one, real, simulated))].join(" | ")} |`];
  });
  if (rows.length === 0) return [];
  const bounds = predictions.map(({ name, unit, offMost }) => `${name} ±${offMost} ${unit}`).join(", ");
  return [
    "## The simulator against reality: 3 of 10 own nodes fail",
    `Real / simulated. Bounds within which they are to agree: ${bounds}; beyond them a figure is marked ✗. The simulator has no processors that run out and no other programs beside it.`,
    [
      `| fault | ${predictions.map(({ name }) => name).join(" | ")} |`,
      `|---|${predictions.map(() => "--:").join("|")}|`,
      ...rows,
    ].join("\n"),
  ];
}

function compared({ unit, offMost, of }: Prediction, real: Tally, simulated: Tally): string {
  const [a, b] = [of(real), of(simulated)];
  if (Number.isNaN(a) || Number.isNaN(b)) return "–";
  const told = (value: number) => (unit === "%" ? value.toFixed(2) : Math.round(value));
  return `${told(a)} / ${told(b)} ${unit}${Math.abs(a - b) > offMost ? " ✗" : ""}`;
}

function shareOf(tally: Tally): number {
  const alive = aliveIn(tally);
  return alive.whole / countOf(alive);
}
