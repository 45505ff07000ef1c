import type { JobId } from "../domain/ids.ts";
import type { Receipts, Store } from "../ports.ts";
import type { Timeline } from "./timeline.ts";

/** A machine's disk: what is on it outlives every process, and it can be full. */
export interface SimulatedDisk {
  readonly store: Store;
  /** One folder of it, by its name. */
  receipts(folder: string): Receipts;
  /** What is in it, for who looks at the machine from outside. */
  contents(folder: string): ReadonlyMap<JobId, string>;
  /** Nothing more can be written to a full one; what is there stays, and can be removed. */
  fill(full: boolean): void;
  /** The process is gone: what it had not written yet never is. */
  crash(): void;
}

/**
 * Receipts are written a little later. Where there is no room they stay as they were, and so do facts, silently: a node at
 * work goes on (adapters/sqlite/lasting-store.ts).
 */
export function createSimulatedDisk(timeline: Timeline): SimulatedDisk {
  const facts = new Map<string, string>();
  const folders = new Map<string, Map<JobId, string>>();
  /** What the process that runs has put and not written. */
  let pending = new Map<string, Map<JobId, Written>>();
  let isFull = false;

  const folderOf = (name: string) => {
    const folder = folders.get(name) ?? new Map<JobId, string>();
    folders.set(name, folder);
    return folder;
  };

  function openFolder(name: string): Receipts {
    const kept = folderOf(name);
    const waiting = pending.get(name) ?? new Map<JobId, Written>();
    pending.set(name, waiting);
    return {
      put(job, text) {
        const { promise, resolve } = Promise.withResolvers<boolean>();
        const own = { text, promise };
        waiting.set(job, own);
        timeline.at(timeline.now() + writeMs, () => {
          if (pending.get(name) !== waiting) return;
          resolve(!isFull);
          // Another was put since, or it was dropped.
          if (waiting.get(job) !== own) return;
          waiting.delete(job);
          if (isFull) return;
          kept.delete(job);
          kept.set(job, text);
          const [oldest] = kept.keys();
          if (kept.size > keptMax && oldest !== undefined) kept.delete(oldest);
        });
      },
      written: (job) => waiting.get(job)?.promise ?? Promise.resolve(kept.has(job)),
      get: async (job) => waiting.get(job)?.text ?? kept.get(job),
      jobs: () => [...new Set([...kept.keys(), ...waiting.keys()])],
      drop(job) {
        waiting.delete(job);
        kept.delete(job);
      },
      close: async () => {},
    };
  }

  return {
    store: {
      get: (key) => facts.get(key),
      put(key, value) {
        if (!isFull) facts.set(key, value);
      },
      entries: (prefix) => [...facts].filter(([key]) => key.startsWith(prefix)),
      delete: (key) => void facts.delete(key),
      close: () => {},
    },
    receipts: openFolder,
    contents: folderOf,
    fill(full) {
      isFull = full;
    },
    crash() {
      pending = new Map();
    },
  };
}

interface Written {
  readonly text: string;
  readonly promise: Promise<boolean>;
}

/** Until a file is written and renamed, ms. */
const writeMs = 4;

/** Of a run of a hundred thousand answers only the last are looked at. */
const keptMax = 200;
