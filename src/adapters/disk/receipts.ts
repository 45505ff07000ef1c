import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JobId } from "../../domain/ids.ts";
import type { Log, Receipts } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";

interface Kept {
  readonly job: JobId;
  readonly bytes: number;
}

export interface ReceiptsRoom {
  readonly keptMax: number;
  readonly bytesMax: number;
  /** What is written has to outlast a power cut. */
  readonly flush?: boolean;
}

/**
 * Receipts as files in one folder, `JOB.json`, for this user's eyes only, the oldest going when there are too many or they take too much. Writing
 * waits for nobody: until it is on disk a receipt is read from memory. A disk that fails costs receipts, not answers.
 */
export function openReceipts(
  { log }: { readonly log: Log },
  folder: string,
  { keptMax, bytesMax, flush = false }: ReceiptsRoom = {
    keptMax: limits.receiptsKept,
    bytesMax: limits.receiptsBytesMax,
  },
): Receipts {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // A crash while writing leaves a draft behind.
  for (const name of readdirSync(folder)) if (name.endsWith(".draft")) rmSync(join(folder, name));
  const kept = keptIn(folder);
  const pending = new Map<JobId, string>();
  /** What is being written, and whether it was. */
  const writes = new Map<JobId, Promise<boolean>>();
  let bytes = kept.reduce((sum, each) => sum + each.bytes, 0);
  const lanes: Promise<unknown>[] = Array(lanesMax).fill(Promise.resolve());

  return {
    put(job, receipt) {
      const written = tried(job, receipt);
      writes.set(job, written);
      void written.then(() => writes.get(job) === written && writes.delete(job));
    },
    written: (job) => writes.get(job) ?? Promise.resolve(existsSync(fileOf(job))),
    async get(job) {
      const waiting = pending.get(job);
      if (waiting !== undefined) return waiting;
      return readFile(fileOf(job), "utf8").catch(() => undefined);
    },
    jobs: () => kept.map(({ job }) => job),
    drop(job) {
      forget(job);
      void inTurn(job, () => remove(job));
    },
    async close() {
      // Writing one may mean removing another.
      for (let before: unknown[] = []; lanes.some((lane, at) => lane !== before[at]); ) {
        before = [...lanes];
        await Promise.all(before);
      }
    },
  };

  function tried(job: JobId, receipt: string): Promise<boolean> {
    const size = Buffer.byteLength(receipt);
    const isTooLarge = size > limits.receiptBytesMax;
    if (isTooLarge || pending.size >= limits.receiptsPendingMax) {
      notKept(job, isTooLarge ? "it is too large" : "too many wait for the disk");
      return Promise.resolve(false);
    }
    forget(job);
    pending.set(job, receipt);
    kept.push({ job, bytes: size });
    bytes += size;
    return inTurn(job, () => write(job, receipt));
  }

  /** What is done to one file is done in order. */
  function inTurn<Done>(job: JobId, work: () => Promise<Done>): Promise<Done> {
    const lane = Number.parseInt(job.slice(-2), 16) % lanesMax;
    const done = lanes[lane]!.then(work);
    lanes[lane] = done;
    return done;
  }

  function forget(job: JobId): void {
    pending.delete(job);
    const at = kept.findIndex((each) => each.job === job);
    const [before] = at < 0 ? [] : kept.splice(at, 1);
    bytes -= before?.bytes ?? 0;
  }

  function fileOf(job: JobId): string {
    return join(folder, `${job}.json`);
  }

  async function write(job: JobId, receipt: string): Promise<boolean> {
    const draft = `${fileOf(job)}.draft`;
    let isWritten = false;
    try {
      await writeFile(draft, receipt, { mode: 0o600, flush });
      await rename(draft, fileOf(job));
      isWritten = true;
    } catch (error) {
      notKept(job, reasonOf(error));
    }
    if (pending.get(job) === receipt) pending.delete(job);
    makeRoom();
    return isWritten;
  }

  async function remove(job: JobId): Promise<void> {
    try {
      await rm(fileOf(job), { force: true });
    } catch (error) {
      log.warn("receipt.not-dropped", { job, reason: reasonOf(error) });
    }
  }

  function notKept(job: JobId, reason: string): void {
    log.warn("receipt.not-kept", { job, reason });
  }

  function makeRoom(): void {
    while (kept.length > keptMax || bytes > bytesMax) {
      const oldest = kept.shift();
      if (oldest === undefined) return;
      bytes -= oldest.bytes;
      void inTurn(oldest.job, () => remove(oldest.job));
    }
  }
}

/** Files written at once. Each takes five turns of the event loop, and a busy one has 25 receipts a second to write. */
const lanesMax = 8;

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What an earlier run left, oldest first. */
function keptIn(folder: string): Kept[] {
  const names = readdirSync(folder).filter((name) => /^[0-9a-f]{64}\.json$/.test(name));
  const files = names.map((name) => ({ name, facts: statSync(join(folder, name)) }));
  return files
    .toSorted((a, b) => a.facts.mtimeMs - b.facts.mtimeMs)
    .map(({ name, facts }) => ({ job: name.slice(0, 64) as JobId, bytes: facts.size }));
}
