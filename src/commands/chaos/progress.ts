import type { Arena, ArenaNode } from "./arena.ts";
import type { Blackout } from "./blackout.ts";
import type { Churn } from "./churn.ts";
import { mend } from "./fault.ts";
import type { Load } from "./load.ts";

/** What there is to undo and to tell, however it ends. */
export interface Progress {
  arena: Arena | undefined;
  load: Load | undefined;
  churn: Churn | undefined;
  readonly blackouts: Blackout[];
  broken: readonly ArenaNode[];
}

/** However it ends, nobody's network is left broken: what was struck is mended, and what was started is ended. */
export async function putInOrder(
  { arena, load, churn, broken }: Progress,
  meanwhile: () => void = () => {},
): Promise<void> {
  load?.abort();
  if (arena === undefined) return;
  // Nothing waits for killed nodes to serve again: their network has been told.
  const mending = mend(arena, churn?.broken() ?? broken, AbortSignal.abort());
  meanwhile();
  await mending.finally(arena.close);
}
