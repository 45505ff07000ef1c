import { setTimeout as pause } from "node:timers/promises";
import type { Chance } from "../../simulator/chance.ts";
import type { Arena, ArenaNode } from "./arena.ts";
import { type Fault, mend, strike } from "./fault.ts";
import { type MemoryWatch, watchMemory } from "./memory.ts";

/** What a soak does to a network: every few seconds another node fails, and comes back after a while. */
export interface Churn {
  /**
   * Begins at once; resolves when the time is over and all are well again. Rejects as soon as a node could not be struck
   * or mended; `broken` tells what is left to mend.
   */
  run(minutes: number, signal: AbortSignal): Promise<void>;
  /** Nodes that are not well now. */
  broken(): readonly ArenaNode[];
  /** Nodes struck so far, by fault. */
  readonly strikes: Readonly<Record<string, number>>;
  /** Most nodes that were not well at the same time. */
  awayMost(): number;
  readonly memory: MemoryWatch;
}

/** Time between two strikes, and from a strike until its node is mended, ms. */
const usual = { everyMs: 5_000, outageMs: 10_000 };

/**
 * Only every other node is ever killed: processes that live as long as the soak are what a leak shows in. At least half
 * of the nodes are left well, whatever happens.
 */
export function createChurn(
  arena: Arena,
  faults: readonly Fault[],
  chance: Chance,
  { everyMs, outageMs } = usual,
): Churn {
  const away = new Map<string, ArenaNode>();
  const strikes: Record<string, number> = {};
  const all = arena.nodes();
  const mortal = new Set(all.filter((_, index) => index % 2 === 0).map(({ name }) => name));
  const memory = watchMemory([
    ...arena.lasting,
    ...(faults.includes("kill") ? all.filter(({ name }) => !mortal.has(name)) : all),
  ]);
  const timers = new Set<NodeJS.Timeout>();
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  // Whoever runs hears of it; before and after, nobody has to.
  failed.catch(() => {});
  let awayMost = 0;
  let mending = Promise.resolve();

  function next(signal: AbortSignal): void {
    memory.sample();
    const fault = faults[chance.below(faults.length)]!;
    const well = arena
      .nodes()
      .filter(({ name }) => !away.has(name) && (fault !== "kill" || mortal.has(name)));
    const node = well[chance.below(well.length)];
    if (node === undefined || away.size >= all.length / 2) return;
    // First, so that whoever mends knows of it, should striking fail.
    away.set(node.name, node);
    strike(fault, [node]);
    strikes[fault] = (strikes[fault] ?? 0) + 1;
    awayMost = Math.max(awayMost, away.size);
    const timer = setTimeout(() => {
      timers.delete(timer);
      // One after the other: a network that is starting nodes is not asked to start them again.
      mending = mending.then(() => back(node, signal));
      mending.catch(fail);
    }, outageMs);
    timers.add(timer);
  }

  async function back(node: ArenaNode, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await mend(arena, [node], signal);
    away.delete(node.name);
  }

  async function strikeOn(minutes: number, signal: AbortSignal): Promise<void> {
    for (let left = Math.floor((minutes * 60_000) / everyMs); left > 0; left -= 1) {
      await pause(everyMs, undefined, { signal });
      next(signal);
    }
    while (away.size > 0) await pause(100, undefined, { signal });
  }

  return {
    async run(minutes, signal) {
      const over = new AbortController();
      try {
        await Promise.race([strikeOn(minutes, AbortSignal.any([signal, over.signal])), failed]);
      } finally {
        // What is broken still is left to whoever asked for this.
        over.abort();
        for (const timer of timers) clearTimeout(timer);
      }
    },
    broken: () => [...away.values()],
    ...{ strikes, awayMost: () => awayMost, memory },
  };
}
