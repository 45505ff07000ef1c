import { createChance } from "../../src/simulator/chance.ts";
import { cpuSpent, load as loadOfMachine, othersSince, thisMachine, untilQuiet } from "../machine.ts";
import { asJson, type Result } from "../results.ts";
import { blackout, type Load } from "./blackout.ts";
import { type Cell, cellsFor } from "./cells.ts";
import { Rig } from "./faults.ts";
import { type Journal, keepJournal, readJournal, tallyIn, withEntry, withoutEntry } from "./journal.ts";
import { type Options, readOptions, usage } from "./options.ts";
import { overhead, overheadMethod } from "./overhead.ts";
import { surviveReport } from "./report.ts";
import { added, countOf, type Tally } from "./tally.ts";

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
  const wantsOverhead = only.includes("overhead") || (only.length === 0 && !quick);
  if (wantsOverhead && (fresh || quick || only.includes("overhead") || journal.overhead === undefined)) {
    journal = { ...journal, overhead: await measuredOverhead(options) };
    keep(journal);
  }
  const cells = only.length > 0 && only.every((word) => word === "overhead") ? [] : cellsFor(options);
  if (fresh) for (const cell of cells) journal = withoutEntry(journal, cell);
  for (const cell of cells) {
    journal = await fill(journal, cell, options, keep);
  }
  process.stdout.write(options.json ? asJson(journal) : surviveReport(journal));
}

const usual: Load = {
  ...{ streams: 50, tokens: 60, tokenMs: 1000 / 30 },
  ...{ beforeMs: 1_000, afterMs: 10_000, settleMs: 3_000 },
};
const hurried: Partial<Load> = { afterMs: 5_000, beforeMs: 500, settleMs: 500 };
const upstreams = 10;

/** Blackouts of one cell until its goal is reached. Rig and contender are started anew for each cell. */
async function fill(
  journal: Journal,
  cell: Cell,
  options: Options,
  keep: (journal: Journal) => void,
): Promise<Journal> {
  if (countOf(tallyIn(journal, cell).after) >= cell.goal) return journal;
  const { contender, fault, failing, goal } = cell;
  const name = `${contender.name}, ${fault}, ${failing} of ${upstreams}`;
  await untilQuiet(options.patienceS, say);
  const streams = Math.min(usual.streams, contender.streamsMax ?? usual.streams);
  const load = { ...usual, ...(options.quick && hurried), streams };
  const rig = await Rig.start(upstreams, load.tokenMs);
  const running = await contender.start(rig.urls);
  try {
    let now = journal;
    for (let done = 0; done < options.blackouts && countOf(tallyIn(now, cell).after) < goal; done++) {
      const before = tallyIn(now, cell);
      const spent = cpuSpent();
      const chance = createChance(options.seed).child(`${name} ${before.blackouts}`);
      const tally = await blackout(running, rig, { fault, failing, load, chance });
      now = withTally(now, cell, { before, tally, streams, options, others: othersSince(spent) });
      keep(now);
      say(`${name}: ${describe(tally)}`);
      if (countOf(tally.after) === 0) throw new Error("nothing was asked after the fault");
    }
    return now;
  } finally {
    await running.stop();
    await rig.stop();
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
    tally: all,
    seed: options.seed,
    at: new Date().toISOString(),
    commits: [...new Set([...(old?.commits ?? []), machine.commit])],
    machine,
    othersPercent: ((old?.othersPercent ?? 0) * before.blackouts + others) / all.blackouts,
  });
}

function describe({ inFlight, after }: Tally): string {
  const one = (name: string, ends: typeof inFlight) =>
    `${name} ${ends.whole}/${countOf(ends)}${ends.silent > 0 ? ` (${ends.silent} silent)` : ""}`;
  return `${one("in flight", inFlight)}, ${one("after", after)}`;
}

async function measuredOverhead({ quick, seed, patienceS }: Options): Promise<Result> {
  await untilQuiet(patienceS, say);
  const [at, begun, before, spent] = [
    new Date().toISOString(),
    performance.now(),
    loadOfMachine(),
    cpuSpent(),
  ];
  const outcome = await overhead({ rounds: quick ? 2 : 7, windowMs: quick ? 1_000 : 3_000, say });
  return {
    ...{ name: "overhead", method: overheadMethod, seed, at },
    tookS: (performance.now() - begun) / 1000,
    load: [before, loadOfMachine()],
    othersPercent: othersSince(spent),
    machine: thisMachine(),
    ...outcome,
  };
}
