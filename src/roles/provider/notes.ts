import type { Announced } from "../../domain/verification/drawn-answer.ts";
import { limits } from "../../protocol/limits.ts";

/**
 * What this node was told before its block was there. Kept in memory: a node that was started anew has seen nothing, and
 * takes no part in what it did not see. The oldest go first.
 */
export interface Notes {
  put(announced: Announced): void;
  has(announced: Announced): boolean;
}

export function createNotes(): Notes {
  const kept = new Set<string>();
  return {
    put(announced) {
      kept.add(nameOf(announced));
      if (kept.size <= limits.notesMax) return;
      const [oldest = ""] = kept;
      kept.delete(oldest);
    },
    has: (announced) => kept.has(nameOf(announced)),
  };
}

function nameOf({ request, block, witnesses }: Announced): string {
  return `${request}/${block}/${witnesses}`;
}
