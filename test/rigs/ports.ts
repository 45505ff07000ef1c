import type { Clock, Log, Store } from "../../src/ports.ts";

/** The machine's own clock. */
export const clock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delay, run) {
    const timer = setTimeout(run, delay);
    return () => clearTimeout(timer);
  },
};

/** Keeps what was logged, to be asserted on or printed by a failing test. */
export function createLogRig(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (event: string, facts: Record<string, unknown> = {}) => {
      lines.push(`${level} ${event} ${JSON.stringify(facts)}`);
    };
  return { lines, debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

/** A disk for one test. Survives the node that used it, like a home folder does. */
export function createStoreRig(): Store {
  const facts = new Map<string, string>();
  return {
    get: (key) => facts.get(key),
    put: (key, value) => void facts.set(key, value),
    entries: (prefix) => [...facts].filter(([key]) => key.startsWith(prefix)),
    delete: (key) => void facts.delete(key),
    close() {},
  };
}
