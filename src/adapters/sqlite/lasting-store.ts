import type { Log, Store } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";

/**
 * A store for a node that is already running: what cannot be written is told once, and once more when it can be again,
 * and stops nothing. All it costs is what the node would have known at its next start.
 */
export function lastingStore(store: Store, { log }: { readonly log: Log }): Store {
  let failing = false;
  const attempt = (write: () => void) => {
    try {
      write();
      if (failing) log.info("disk.written-again");
      failing = false;
    } catch (error) {
      if (!failing) log.warn("disk.not-written", factsOf(error));
      failing = true;
    }
  };
  return {
    ...store,
    put: (key, value) => attempt(() => store.put(key, value)),
    delete: (key) => attempt(() => store.delete(key)),
  };
}

function factsOf(error: unknown): Record<string, unknown> {
  if (!(error instanceof HoldfastError)) return { detail: String(error) };
  return { code: error.code, detail: error.message, remedy: error.remedy, ...error.facts };
}
