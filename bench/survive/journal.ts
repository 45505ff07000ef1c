import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Machine } from "../machine.ts";
import { asJson, type Result } from "../results.ts";
import type { Cell } from "./cells.ts";
import { emptyTally, type Tally } from "./tally.ts";

/** Raised when a figure of a cell comes to mean something else: what was measured otherwise is not added to. */
export const cellMethod = 2;

/** What is kept of one cell. */
export interface Entry {
  readonly contender: string;
  readonly fault: string;
  readonly failing: number;
  readonly streams: number;
  /** What its figures mean: `cellMethod` when it was measured. */
  readonly method: number;
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
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { overhead: undefined, entries: [] };
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

/** What there is to add to: of today's method. */
export function tallyIn(journal: Journal, cell: Cell): Tally {
  const entry = entryOf(journal, cell);
  return entry?.method === cellMethod ? entry.tally : emptyTally;
}

export function withEntry(journal: Journal, cell: Cell, entry: Entry): Journal {
  const before = entryOf(journal, cell);
  return { ...journal, entries: [...journal.entries.filter((each) => each !== before), entry] };
}

export function withoutEntry(journal: Journal, cell: Cell): Journal {
  const before = entryOf(journal, cell);
  return { ...journal, entries: journal.entries.filter((each) => each !== before) };
}
