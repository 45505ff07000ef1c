import type { Clock, Sequence, Store } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";

const key = "statement/seq";

/**
 * Statement numbers out of a node's store, reserved in blocks: what is on disk is the end of the block in use, so a
 * node that comes back begins after everything it may have signed. Wall time as the floor outlives a lost disk.
 */
export function createSequence({ store, clock }: { store: Store; clock: Clock }): Sequence {
  let next = 0;
  let end = 0;
  return {
    next() {
      if (next >= end) {
        const stored = Number(store.get(key) ?? 0);
        next = Math.max(end, Number.isSafeInteger(stored) ? stored : 0, Math.floor(clock.wall()));
        end = next + limits.statementsReserved;
        store.put(key, String(end));
      }
      next += 1;
      return next - 1;
    },
  };
}
