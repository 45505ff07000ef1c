import type { Store } from "../../src/ports.ts";

/** A node's store that outlives its process, but not the test's. */
export function createDisk(): Store {
  const facts = new Map<string, string>();
  return {
    get: (key) => facts.get(key),
    put: (key, value) => void facts.set(key, value),
    entries: (prefix) => [...facts].filter(([key]) => key.startsWith(prefix)),
    delete: (key) => void facts.delete(key),
    close: () => {},
  };
}
