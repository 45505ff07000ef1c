import { faults } from "../../src/commands/chaos/fault.ts";
import type { Entry } from "./journal.ts";
import { ownNodes } from "./own-nodes.ts";
import { deathMsMean, simulatedNodes } from "./simulated.ts";
import { aliveIn, countOf, percentileOf, type Tally } from "./tally.ts";

/** A figure that the simulator predicts, and how far it may be off to be believed. */
interface Prediction {
  readonly name: string;
  readonly unit: "%" | "ms";
  readonly offMost: number;
  /** And not by more than this share of the real one, %; where that may be near nothing, a share says nothing. */
  readonly offPercentMost?: number;
  of(tally: Tally): number;
}

const predictions: readonly Prediction[] = [
  { name: "alive", unit: "%", offMost: 0.5, of: (tally) => 100 * shareOf(tally) },
  {
    ...{ name: "warm gap p50", unit: "ms", offMost: 100, offPercentMost: 33 },
    of: ({ warmGapMs }) => percentileOf(warmGapMs, 0.5),
  },
  {
    ...{ name: "warm gap p99", unit: "ms", offMost: 250, offPercentMost: 50 },
    of: ({ warmGapMs }) => percentileOf(warmGapMs, 0.99),
  },
  { name: "recovery p50", unit: "ms", offMost: 150, of: ({ recoveryMs }) => percentileOf(recoveryMs, 0.5) },
];

/** What the simulator says of three of ten beside what real processes did, for each fault that both were struck by. */
export function validation(entries: readonly Entry[]): string[] {
  const tallyOf = (contender: string, fault: string) =>
    entries.find((each) => each.contender === contender && each.fault === fault && each.failing === 3)?.tally;
  const rows = faults.flatMap((fault) => {
    const real = tallyOf(ownNodes.name, fault);
    const simulated = tallyOf(simulatedNodes.name, fault);
    if (real === undefined || simulated === undefined) return [];
    return [
      `| ${[fault, ...predictions.map((one) => compared(one, real, simulated)), `${real.blackouts} / ${simulated.blackouts}`].join(" | ")} |`,
    ];
  });
  if (rows.length === 0) return [];
  const bounds = predictions.map(
    ({ name, unit, offMost, offPercentMost }) =>
      `${name} ±${offMost} ${unit}${offPercentMost === undefined ? "" : ` and ±${offPercentMost} % of the real one`}`,
  );
  return [
    "## The simulator against reality: 3 of 10 own nodes fail",
    `Real / simulated, and in how many blackouts. Bounds within which they are to agree: ${bounds.join(", ")}; beyond them a figure is marked ✗. The simulator has no processors that run out and no other programs beside it. The ${deathMsMean} ms (mean) until a dead process's connections end were measured apart from these runs. Its paces are those the real nodes are told.`,
    [
      `| fault | ${predictions.map(({ name }) => name).join(" | ")} | blackouts |`,
      `|---|${predictions.map(() => "--:").join("|")}|--:|`,
      ...rows,
    ].join("\n"),
  ];
}

function compared(
  { unit, offMost, offPercentMost = Number.POSITIVE_INFINITY, of }: Prediction,
  real: Tally,
  simulated: Tally,
): string {
  const [a, b] = [of(real), of(simulated)];
  if (Number.isNaN(a) || Number.isNaN(b)) return "–";
  const told = (value: number) => (unit === "%" ? value.toFixed(2) : Math.round(value));
  return `${told(a)} / ${told(b)} ${unit}${Math.abs(a - b) > Math.min(offMost, (a * offPercentMost) / 100) ? " ✗" : ""}`;
}

function shareOf(tally: Tally): number {
  const alive = aliveIn(tally);
  return alive.whole / countOf(alive);
}
