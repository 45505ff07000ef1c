import { availableParallelism, cpus, platform, release } from "node:os";
import { table } from "../table.ts";
import { isOver, type Judged } from "./aftermath.ts";
import { type Blackout, outageMs } from "./blackout.ts";
import { type Count, calmOf, countOf, figuresOf, type Spread } from "./figures.ts";
import type { Load } from "./load.ts";
import type { ChaosOptions } from "./options.ts";

export type Report = ReturnType<typeof reportOf>;

/** Everything that was measured, as `--json` prints it. */
export function reportOf(
  options: ChaosOptions,
  load: Load,
  blackouts: readonly Blackout[],
  facts: { readonly judged: Judged; readonly exact: boolean; readonly interrupted: boolean },
) {
  const { judged, exact, interrupted } = facts;
  const firstAt = blackouts[0]?.at ?? Number.POSITIVE_INFINITY;
  const over = load.streams.filter(isOver);
  return {
    ...{ seed: options.seed, nodes: blackouts[0]?.nodes ?? options.nodes, kill: options.kill },
    ...{ streams: options.streams, holdMs: options.holdMs, exact, interrupted },
    all: countOf(over, judged.outcome),
    calm: calmOf(
      over.filter(({ endedAt }) => endedAt !== undefined && endedAt < firstAt),
      judged.wordMs,
    ),
    faults: options.faults
      .map((fault) => ({ fault, of: blackouts.filter((one) => one.fault === fault) }))
      .filter(({ of }) => of.length > 0)
      .map(({ fault, of }) => figuresOf(fault, of, judged)),
    generator: { lateMsMost: Math.round(load.lateMsMost()), unsent: load.unsent() },
    machine: machineFacts(),
    method: methodOf(exact),
  };
}

/** Where a figure came about. */
export function machineFacts() {
  const [processor] = cpus();
  return {
    cpu: processor?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    system: `${platform()} ${release()}`,
    node: process.version,
  };
}

function methodOf(exact: boolean): string {
  return [
    `after a warm-up requests are due by the clock, so many a second as keep the wanted streams in flight, whatever the network does`,
    `alive: in flight at the instant, or sent in the ${outageMs / 1000} s after it`,
    exact
      ? "success: every word what the synthetic engine must say, in order, once, finish_reason length, then [DONE]"
      : "success: a whole answer with its own finish_reason and [DONE]; its words cannot be known beforehand",
    "gaps: largest between two pieces of content as the application reads them",
    "intervals: 95 %, Wilson",
  ].join("; ");
}

/** What a person reads at the end. */
export function asText(report: Report): string {
  const { all, calm, generator, machine } = report;
  const head = [
    ...["fault", "blackouts", "in flight: ok", "alive 10 s: ok", "errors", "withdrawn", "silent"],
    ...["gap p50", "p99", "(n)", "cold p99", "(n)", "recovery p50", "max", "back p50", "max"],
  ];
  const rows = report.faults.map((one) => [
    ...[one.fault, String(one.blackouts), share(one.inFlight), share(one.alive)],
    ...[String(one.alive.error), String(one.alive.withdrawn), String(silentOf(one.alive))],
    ...[
      ms(one.gapMs.p50),
      ms(one.gapMs.p99),
      `(${one.gapMs.n})`,
      ms(one.coldGapMs.p99),
      `(${one.coldGapMs.n})`,
    ],
    ...[ms(one.recoveryMs.p50), one.neverRecovered > 0 ? "never" : ms(one.recoveryMs.max)],
    ...[ms(one.returnMs.p50), one.neverReturned > 0 ? "never" : ms(one.returnMs.max)],
  ]);
  const failures = report.faults.flatMap(({ fault, alive }) => failuresOf(fault, alive));
  return [
    table([head, ...rows]),
    ...(failures.length === 0 ? [] : ["", "Failures among those alive:", ...failures]),
    "",
    `All requests: ${share(all)}; errors ${all.error}, false and withdrawn ${all.withdrawn}, silent failures ${silentOf(all)}.`,
    `When all is well: gap p50 ${ms(calm.gapMs.p50)}, p99 ${ms(calm.gapMs.p99)}; first words p50 ${ms(calm.firstMs.p50)}, p99 ${ms(calm.firstMs.p99)}.`,
    ...report.faults.map(
      ({ fault, firstMs, excessMs }) =>
        `${fault}: first words p50 ${ms(firstMs.p50)}, p99 ${ms(firstMs.p99)}; later than when all is well (p50 to p99) ${ms(minus(excessMs.p99, calm.excessMs.p50))}.`,
    ),
    `Generator: sent at most ${generator.lateMsMost} ms after it was due, ${generator.unsent} not at all.`,
    ...report.faults
      .filter(({ bypassed }) => bypassed > 0)
      .map(({ fault, bypassed }) => `${fault}: ${bypassed} nodes it did not reach, another way was in use.`),
    ...(report.holdMs === undefined ? [] : [`Hold budget ${report.holdMs} ms.`]),
    `Seed ${report.seed}, ${report.nodes} nodes of which ${report.kill} fail, ${report.streams} streams. ${machine.cores} × ${machine.cpu}, ${machine.system}, Node ${machine.node}.`,
    `Method: ${report.method}.`,
    ...(report.interrupted ? ["Ended before it was done: what was in flight then is not counted."] : []),
  ].join("\n");
}

/** Explicit errors by code, what was withdrawn, and silent failures by kind. */
export function failuresOf(what: string, { codes, withdrawn, silent }: Count): string[] {
  return Object.entries({ ...codes, withdrawn, ...silent })
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `  ${what}: ${count} × ${name}`);
}

/** Failures nobody was told of: there must be none. */
export function silentOf({ silent }: Count): number {
  return Object.values(silent).reduce((sum, count) => sum + count, 0);
}

export function share({ success, requests, share: part, interval: [low] }: Count): string {
  return `${success}/${requests} = ${percent(part)} (≥ ${percent(low)})`;
}

function percent(part: number): string {
  return `${(Math.floor(part * 1e4) / 100).toFixed(2)} %`;
}

export function ms(value: Spread["p50"]): string {
  return value === undefined ? "–" : `${value} ms`;
}

function minus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a - b;
}
