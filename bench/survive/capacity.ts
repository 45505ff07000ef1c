import { setTimeout as pause } from "node:timers/promises";
import { largestGap } from "../../src/commands/chaos/aftermath.ts";
import { type Arena, startArena } from "../../src/commands/chaos/arena.ts";
import { startLoad } from "../../src/commands/chaos/load.ts";
import type { Chance } from "../../src/simulator/chance.ts";
import { cpuSecondsOf } from "../machine.ts";
import type { Figure, Outcome } from "../measurement.ts";
import { percentile } from "../statistics.ts";
import { prepared } from "./holdfast.ts";

/** What ten own nodes and one gateway carry on this machine at all, before anything is broken. */
export const capacityMethod =
  "Ten providers with synthetic engines, 30 tokens a second to each stream, two witnesses, one gateway, one chain, and the generator of `holdfast chaos`, all on this machine. Idle: the processors' time over 20 s without a request. Then so many streams in flight for 10 s: the share of the words wanted that came, the largest gaps of answers, and what each kind of process used, in per cent of one core. Nothing fails.";

const size = 10;
const pace = 30;
const tokens = 60;
const idleMs = 20_000;
const windowMs = 10_000;
const warmMsMax = 60_000;

export async function capacity({
  steps,
  chance,
  say,
}: {
  steps: readonly number[];
  chance: Chance;
  say: (line: string) => void;
}): Promise<Outcome> {
  const arena = await startArena({
    ...{ main: await prepared(), nodes: size, proxied: false, signal: new AbortController().signal },
    flags: ["--engine", "synthetic", "--pace", String(pace)],
  });
  const figures: Figure[] = [];
  try {
    await pause(5_000);
    const rest = await used(arena, () => pause(idleMs));
    for (const [name, percent] of Object.entries(rest))
      figures.push({ name: `idle: ${name}`, value: percent, unit: "%" });
    say(`idle: ${told(rest)}`);
    for (const streams of steps) {
      const of = await carried(arena, streams, chance.child(String(streams)));
      figures.push(...of.map((figure) => ({ ...figure, name: `${streams} streams: ${figure.name}` })));
      say(`${streams} streams: ${of.map(({ name, value }) => `${name} ${value.toFixed(1)}`).join(", ")}`);
    }
  } finally {
    await arena.close();
  }
  return { figures, samples: {} };
}

async function carried(arena: Arena, streams: number, chance: Chance): Promise<Figure[]> {
  const { url, model } = arena;
  const length = { least: tokens, most: tokens };
  const load = startLoad({ url, model, streams, tokens: length, deadlineMs: 20_000, chance });
  try {
    await Promise.race([load.warm, pause(warmMsMax, undefined, { ref: false })]);
    await pause(3_000);
    const from = performance.now();
    const spent = await used(arena, () => pause(windowMs));
    const until = performance.now();
    const pieces = load.streams
      .flatMap((stream) => stream.pieces)
      .filter(({ at }) => at > from && at <= until);
    const words = pieces.reduce((sum, piece) => sum + piece.words, 0);
    const gaps = load.streams.flatMap((stream) => largestGap(stream, from) ?? []);
    return [
      { name: "words", value: (100_000 * words) / (until - from) / (streams * pace), unit: "%" },
      { name: "gap p50", value: percentile(gaps, 0.5), unit: "ms" },
      { name: "gap p99", value: percentile(gaps, 0.99), unit: "ms" },
      ...Object.entries(spent).map(([name, value]) => ({ name, value, unit: "%" as const })),
    ];
  } finally {
    load.abort();
    await pause(1_000);
  }
}

/** What each kind of process used meanwhile, % of one core. */
async function used(arena: Arena, wait: () => Promise<void>): Promise<Record<string, number>> {
  const kinds: Record<string, readonly number[]> = {
    ...Object.fromEntries(arena.lasting.map(({ name, pid }) => [name, [pid]])),
    "ten providers": arena.nodes().map(({ pid }) => pid),
    generator: [process.pid],
  };
  const spent = () =>
    Object.values(kinds).map((pids) => pids.reduce((sum, pid) => sum + cpuSecondsOf(pid), 0));
  const [before, begun] = [spent(), performance.now()];
  await wait();
  const [after, seconds] = [spent(), (performance.now() - begun) / 1000];
  return Object.fromEntries(
    Object.keys(kinds).map((name, at) => [name, (100 * (after[at]! - before[at]!)) / seconds]),
  );
}

function told(percents: Record<string, number>): string {
  return Object.entries(percents)
    .map(([name, percent]) => `${name} ${percent.toFixed(1)} %`)
    .join(", ");
}
