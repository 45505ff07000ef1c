import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Machine } from "../machine.ts";
import { asJson, type Result } from "../results.ts";
import type { Cell } from "./cells.ts";
import { added, emptyTally, type Tally } from "./tally.ts";

/** What is kept of one cell. */
export interface Entry {
  readonly contender: string;
  readonly fault: string;
  readonly failing: number;
  readonly streams: number;
  readonly tally: Tally;
  /** When the last blackout was; seeds, commits and machines of all of them. */
  readonly at: string;
  readonly seeds: readonly number[];
  readonly commits: readonly string[];
  readonly machines: readonly Host[];
  /** Share of the machine that others used, mean over the blackouts, %. */
  readonly othersPercent: number;
}

/** A machine, whatever ran on it. */
export type Host = Omit<Machine, "commit">;

/** Everything that was measured, from all runs together. */
export interface Journal {
  readonly overhead: Result | undefined;
  readonly capacity?: Result | undefined;
  readonly detection?: Result | undefined;
  readonly entries: readonly Entry[];
}

const file = join(import.meta.dirname, "../results/survive.json");

export function readJournal(): Journal {
  if (!existsSync(file)) return { overhead: undefined, entries: [] };
  const journal = JSON.parse(readFileSync(file, "utf8")) as Journal & { readonly entries: readonly Kept[] };
  return { ...journal, entries: journal.entries.map(entryFrom) };
}

/** An earlier version kept the seed and the machine of the last run only. */
type Kept = Omit<Entry, "seeds" | "machines"> &
  (Pick<Entry, "seeds" | "machines"> | { readonly seed: number; readonly machine: Machine });

export function entryFrom(kept: Kept): Entry {
  const tally = added(kept.tally, {});
  if ("seeds" in kept) return { ...kept, tally };
  const { seed, machine, ...rest } = kept;
  return { ...rest, tally, seeds: [seed], machines: [hostOf(machine)] };
}

/** Each once, in the order in which they came. */
export function withHost(hosts: readonly Host[], machine: Machine): Host[] {
  const texts = new Set([...hosts, hostOf(machine)].map((host) => JSON.stringify(host)));
  return [...texts].map((text) => JSON.parse(text) as Host);
}

function hostOf({ cpu, cores, memoryGb, system, node }: Machine): Host {
  return { cpu, cores, memoryGb, system, node };
}

/** Written whole and then put in place, so that an interrupted run leaves the one before. */
export function keepJournal(journal: Journal, markdown: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.part`, asJson(journal));
  renameSync(`${file}.part`, file);
  writeFileSync(file.replace(/json$/, "md"), markdown);
}

export function entryOf(journal: Journal, { contender, fault, failing }: Cell): Entry | undefined {
  return journal.entries.find(
    (entry) => entry.contender === contender.name && entry.fault === fault && entry.failing === failing,
  );
}

export function tallyIn(journal: Journal, cell: Cell): Tally {
  return entryOf(journal, cell)?.tally ?? emptyTally;
}

export function withEntry(journal: Journal, cell: Cell, entry: Entry): Journal {
  const before = entryOf(journal, cell);
  return { ...journal, entries: [...journal.entries.filter((each) => each !== before), entry] };
}

export function withoutEntry(journal: Journal, cell: Cell): Journal {
  const before = entryOf(journal, cell);
  return { ...journal, entries: journal.entries.filter((each) => each !== before) };
}
