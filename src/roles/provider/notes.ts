import type { Announced } from "../../domain/verification/drawn-answer.ts";
import { limits } from "../../protocol/limits.ts";
import { type Closings, createClosings } from "./closings.ts";

/**
 * What this node was told before its block was there, and which set it closed for that, however often it is asked for the
 * answer. Kept in memory: a node that was started anew has seen nothing, and takes no part in what it did not see. The
 * oldest go first.
 */
export interface Notes {
  put(announced: Announced): void;
  has(announced: Announced): boolean;
  /** Throws for what is not noted. */
  closings(announced: Announced): Closings;
}

export function createNotes(): Notes {
  const kept = new Map<string, Closings>();
  return {
    put(announced) {
      const name = nameOf(announced);
      if (!kept.has(name)) kept.set(name, createClosings());
      if (kept.size <= limits.notesMax) return;
      const [oldest = ""] = kept.keys();
      kept.delete(oldest);
    },
    has: (announced) => kept.has(nameOf(announced)),
    closings(announced) {
      const closings = kept.get(nameOf(announced));
      if (closings === undefined) throw new Error("it is not noted");
      return closings;
    },
  };
}

function nameOf({ request, block, witnesses }: Announced): string {
  return `${request}/${block}/${witnesses}`;
}
