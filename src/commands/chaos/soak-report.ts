import { table } from "../table.ts";
import { isOver } from "./aftermath.ts";
import type { Arena } from "./arena.ts";
import type { Churn } from "./churn.ts";
import { calmOf, countOf } from "./figures.ts";
import { judge } from "./judging.ts";
import type { Load } from "./load.ts";
import type { ChaosOptions } from "./options.ts";
import { failuresOf, machineFacts, ms, share, silentOf } from "./report.ts";

export type SoakReport = ReturnType<typeof soakReportOf>;

/** Everything a soak showed, as `--json` prints it. */
export function soakReportOf(
  { seed, streams, faults, soakMinutes }: ChaosOptions,
  { arena, load, churn }: { readonly arena: Arena; readonly load: Load; readonly churn: Churn },
  interrupted: boolean,
) {
  const over = load.streams.filter(isOver);
  const all = countOf(over, judge(arena));
  const nodes = arena.nodes().length;
  const { gapMs, firstMs } = calmOf(over, 0);
  return {
    ...{ seed, nodes, streams, faults, interrupted, minutes: soakMinutes, exact: arena.synthetic },
    strikes: { ...churn.strikes },
    awayMost: churn.awayMost(),
    /** Those that were left could carry all of it at every moment, so whatever failed was lost. */
    lost: all.requests - all.success,
    all,
    ...{ gapMs, firstMs },
    memory: churn.memory.growth(),
    generator: { lateMsMost: Math.round(load.lateMsMost()), unsent: load.unsent() },
    machine: machineFacts(),
  };
}

export function soakText(report: SoakReport): string {
  const { all, gapMs, firstMs, generator, machine } = report;
  const struck = Object.entries(report.strikes).map(([fault, count]) => `${fault} ${count}`);
  const mb = (value: number) => value.toFixed(1);
  const rows = report.memory.map(({ name, first, last, perHour, interval: [low, high], halves }) => [
    ...[name, mb(first), mb(last), mb(perHour), `${mb(low)} to ${mb(high)}`, ...halves.map(mb)],
  ]);
  return [
    table([["process", "MB first", "MB last", "MB an hour", "95 %", "earlier half", "later half"], ...rows]),
    "",
    `All requests: ${share(all)}; errors ${all.error}, false and withdrawn ${all.withdrawn}, silent failures ${silentOf(all)}; lost ${report.lost}.`,
    ...failuresOf("soak", all),
    `Nodes struck: ${struck.join(", ")}; at most ${report.awayMost} of ${report.nodes} away at once.`,
    `Largest gap of an answer p50 ${ms(gapMs.p50)}, p99 ${ms(gapMs.p99)}; first words p50 ${ms(firstMs.p50)}, p99 ${ms(firstMs.p99)}.`,
    `Generator: sent at most ${generator.lateMsMost} ms after it was due, ${generator.unsent} not at all.`,
    `Seed ${report.seed}, ${report.streams} streams, ${report.minutes} minutes. ${machine.cores} × ${machine.cpu}, ${machine.system}, Node ${machine.node}.`,
    `Method: every 5 s a drawn node fails and is mended 10 s later; only every other one is ever killed, so that the rest live to the end; memory is resident, its slope through the means of up to 30 equal pieces of the last four fifths.`,
    ...(report.interrupted ? ["Ended before its time was over."] : []),
  ].join("\n");
}
