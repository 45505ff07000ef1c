import type { JobId } from "../domain/ids.ts";
import type { Receipts, Store } from "../ports.ts";

/** A machine's disk: what is on it outlives every process, and it can be full. */
export interface SimulatedDisk {
  readonly store: Store;
  /** One folder of it, by its name. */
  receipts(folder: string): Receipts;
  /** Nothing more can be written to a full one; what is there stays, and can be removed. */
  fill(full: boolean): void;
}

/** Receipts are dropped where there is no room, and a fact that must be on disk throws, as the adapters have it. */
export function createSimulatedDisk(): SimulatedDisk {
  const facts = new Map<string, string>();
  const folders = new Map<string, Map<JobId, string>>();
  let isFull = false;
  return {
    store: {
      get: (key) => facts.get(key),
      put(key, value) {
        if (isFull) throw new Error("ENOSPC: no space left on device");
        facts.set(key, value);
      },
      entries: (prefix) => [...facts].filter(([key]) => key.startsWith(prefix)),
      delete: (key) => void facts.delete(key),
      close: () => {},
    },
    receipts(folder) {
      const kept = folders.get(folder) ?? new Map<JobId, string>();
      folders.set(folder, kept);
      return {
        put(job, receipt) {
          kept.delete(job);
          if (isFull) return;
          kept.set(job, receipt);
          const [oldest] = kept.keys();
          if (kept.size > keptMax && oldest !== undefined) kept.delete(oldest);
        },
        written: async (job) => kept.has(job),
        get: async (job) => kept.get(job),
        jobs: () => [...kept.keys()],
        drop: (job) => void kept.delete(job),
        close: async () => {},
      };
    },
    fill(full) {
      isFull = full;
    },
  };
}

/** Of a run of a hundred thousand answers only the last are looked at. */
const keptMax = 1_000;
