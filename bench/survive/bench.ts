import { createChance } from "../../src/simulator/chance.ts";
import { cpuSpent, load as loadOfMachine, othersSince, thisMachine, untilQuiet } from "../machine.ts";
import type { Outcome } from "../measurement.ts";
import { asJson, type Result } from "../results.ts";
import { capacity, capacityMethod } from "./capacity.ts";
import { type Cell, cellsFor } from "./cells.ts";
import { detection, detectionMethod } from "./detection.ts";
import {
  cellMethod,
  entryOf,
  type Journal,
  keepJournal,
  readJournal,
  tallyIn,
  withEntry,
  withHost,
  withoutEntry,
} from "./journal.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { overhead, overheadMethod } from "./overhead.ts";
import { surviveReport } from "./report.ts";
import type { Load } from "./stage.ts";
import { added, aliveIn, countOf, type Ends, type Tally } from "./tally.ts";

const say = (line: string) => console.error(line);

/** Strikes what is asked for until there are enough requests, keeping each blackout, and prints it. */
export async function bench(args: readonly string[]): Promise<void> {
  const options = readOptions(args);
  if (options === "help") return console.log(usage);
  const { quick, only, fresh } = options;
  const keep = (journal: Journal) => {
    if (!quick) keepJournal(journal, surviveReport(journal));
  };
  let journal = quick ? { overhead: undefined, entries: [] } : readJournal();
  for (const [name, method, run] of measurements) {
    const isAsked = only.includes(name) || (only.length === 0 && !quick);
    // What was measured by another method is not what this one would find.
    const isKept = journal[name]?.method === method;
    if (!isAsked || (isKept && !fresh && !only.includes(name))) continue;
    journal = { ...journal, [name]: await measured(name, method, () => run(options), options) };
    keep(journal);
  }
  const names = measurements.map(([name]) => name as string);
  const cells = only.length > 0 && only.every((word) => names.includes(word)) ? [] : cellsFor(options);
  if (fresh) for (const cell of cells) journal = withoutEntry(journal, cell);
  for (const cell of cells) {
    journal = await fill(journal, cell, options, keep);
  }
  process.stdout.write(options.json ? asJson(journal) : surviveReport(journal));
}

const usual: Load = {
  ...{ streams: 50, tokens: 60, tokenMs: 1000 / 30 },
  ...{ beforeMs: 3_000, afterMs: 10_000, returnMs: 10_000 },
};
const hurried: Partial<Load> = { tokens: 30, afterMs: 4_000, beforeMs: 300, returnMs: 500 };
const size = 10;

/** Blackouts of one cell until its goal is reached. Everything is started anew for each cell. */
async function fill(
  journal: Journal,
  cell: Cell,
  options: Options,
  keep: (journal: Journal) => void,
): Promise<Journal> {
  const isDone = (now: Journal) => countOf(aliveIn(tallyIn(now, cell))) >= cell.goal;
  if (isDone(journal)) return journal;
  const { contender, fault, failing } = cell;
  const name = `${contender.name}, ${fault}, ${failing} of ${size}`;
  await untilQuiet(options.patienceS, say);
  const streams = Math.min(
    options.streams ?? usual.streams,
    contender.streamsMax ?? Number.POSITIVE_INFINITY,
  );
  const before = entryOf(journal, cell);
  const kept = before?.method === cellMethod ? before.streams : streams;
  if (kept !== streams)
    throw new Error(
      `${name} was measured with ${kept} streams; --fresh forgets that, or say --streams ${kept}`,
    );
  const load = { ...usual, ...(options.quick && hurried), streams };
  const chance = createChance(options.seed).child(name);
  const stage = await contender.stage({ size, fault, load, chance: chance.child("stage") });
  try {
    let now = journal;
    for (let done = 0; done < options.blackouts && !isDone(now); done++) {
      const before = tallyIn(now, cell);
      const spent = cpuSpent();
      const tally = await stage.blackout(failing, chance.child(String(before.blackouts)));
      now = withTally(now, cell, { before, tally, streams, options, others: othersSince(spent) });
      keep(now);
      say(`${name}: ${describe(tally)}, ${countOf(aliveIn(tallyIn(now, cell)))} of ${cell.goal}`);
      if (countOf(tally.after) === 0) throw new Error("nothing was asked after the fault");
    }
    return now;
  } finally {
    await stage.close();
  }
}

interface Fresh {
  readonly before: Tally;
  readonly tally: Tally;
  readonly streams: number;
  readonly options: Options;
  readonly others: number;
}

function withTally(
  journal: Journal,
  cell: Cell,
  { before, tally, streams, options, others }: Fresh,
): Journal {
  const old = journal.entries.find((entry) => entry.tally === before);
  const machine = thisMachine();
  const all = added(before, tally);
  return withEntry(journal, cell, {
    ...{ contender: cell.contender.name, fault: cell.fault, failing: cell.failing, streams },
    ...{ method: cellMethod, tally: all },
    at: new Date().toISOString(),
    seeds: [...new Set([...(old?.seeds ?? []), options.seed])],
    commits: [...new Set([...(old?.commits ?? []), machine.commit])],
    machines: withHost(old?.machines ?? [], machine),
    othersPercent: ((old?.othersPercent ?? 0) * before.blackouts + others) / all.blackouts,
  });
}

function describe(tally: Tally): string {
  const one = (name: string, ends: Ends) => {
    const unsaid = ends.silent + ends.timeout;
    return `${name} ${ends.whole}/${countOf(ends)}${unsaid > 0 ? ` (${unsaid} silent or timed out)` : ""}`;
  };
  return `${one("in flight", tally.inFlight)}, ${one("alive", aliveIn(tally))}`;
}

/** What is measured of the machine before and beside everything else. */
const measurements = [
  [
    "capacity",
    capacityMethod,
    ({ seed }: Options) => capacity({ steps: [10, 20, 30, 40, 50, 60], chance: createChance(seed), say }),
  ],
  ["detection", detectionMethod, ({ seed }: Options) => detection(createChance(seed), say)],
  [
    "overhead",
    overheadMethod,
    ({ quick }: Options) => overhead({ rounds: quick ? 2 : 7, windowMs: quick ? 1_000 : 3_000, say }),
  ],
] as const;

async function measured(
  name: string,
  method: string,
  run: () => Promise<Outcome>,
  { seed, patienceS }: Options,
): Promise<Result> {
  await untilQuiet(patienceS, say);
  const [at, begun, before, spent] = [
    new Date().toISOString(),
    performance.now(),
    loadOfMachine(),
    cpuSpent(),
  ];
  const outcome = await run();
  return {
    ...{ name, method, seed, at },
    tookS: (performance.now() - begun) / 1000,
    load: [before, loadOfMachine()],
    othersPercent: othersSince(spent),
    machine: thisMachine(),
    ...outcome,
  };
}
