import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Log } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";

/** Where a development chain's state is kept. */
export interface ChainStateFiles {
  readonly folder: string;
  readonly current: string;
  /** The state before it. */
  readonly previous: string;
}

export function chainStateFiles(home: string): ChainStateFiles {
  const folder = join(home, "chain");
  return { folder, current: join(folder, "state.json"), previous: join(folder, "state.previous.json") };
}

/**
 * Replaces the state whole: a crash at any point leaves the new one, or the old one under one of its two names.
 * Throws what the disk says.
 */
export function writeState(files: ChainStateFiles, json: Uint8Array): void {
  const draft = `${files.current}.draft`;
  mkdirSync(files.folder, { recursive: true });
  try {
    const file = openSync(draft, "w");
    try {
      for (let done = 0; done < json.length; ) done += writeSync(file, json, done);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  if (existsSync(files.current)) renameSync(files.current, files.previous);
  renameSync(draft, files.current);
}

/**
 * The newest whole state file, undefined on a first start. Throws HoldfastError `chain-state-corrupt` (fault
 * environment) when there are files but none is whole: a blank chain would silently forget every bond.
 */
export function loadableState(files: ChainStateFiles, log: Log): string | undefined {
  const present = [files.current, files.previous].filter(existsSync);
  const whole = present.find(isWhole);
  if (whole === files.previous && present.includes(files.current)) {
    log.warn("chain.state-damaged", { file: files.current, used: files.previous });
  }
  if (whole !== undefined || present.length === 0) return whole;
  throw new HoldfastError("The local chain's saved state cannot be read.", {
    code: "chain-state-corrupt",
    fault: "environment",
    remedy: "Restore it from a backup, or move the folder away to begin a new chain; nodes then bond anew.",
    facts: { folder: files.folder },
  });
}

function isWhole(path: string): boolean {
  try {
    const state = JSON.parse(readFileSync(path, "utf8"));
    return typeof state === "object" && state !== null && "accounts" in state && "blocks" in state;
  } catch {
    return false;
  }
}
