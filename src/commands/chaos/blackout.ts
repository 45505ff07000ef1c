import { setTimeout as pause } from "node:timers/promises";
import { type Chance, drawSome } from "../../simulator/chance.ts";
import type { Arena, ArenaNode } from "./arena.ts";
import { type Fault, mend, needsProxy, strike } from "./fault.ts";
import type { Load } from "./load.ts";
import type { Stream } from "./stream.ts";

/** One instant at which nodes failed, and what followed; times are monotonic ms. */
export interface Blackout {
  readonly fault: Fault;
  /** From then until the instant all was well. */
  readonly calmFrom: number;
  readonly at: number;
  /** Peer ids. */
  readonly victims: ReadonlySet<string>;
  readonly nodes: number;
  /** What was in flight at the instant. */
  readonly struck: readonly Stream[];
  /** Victims of a fault of the network whose way carried nothing at the instant, because another was in use. */
  readonly bypassed: number;
  /** When they were well again; undefined when the run was ended before. */
  mendedAt: number | undefined;
}

/** How long nodes stay broken, and how long requests count as alive after the instant, ms. */
export const outageMs = 10_000;
/** How long a node that is back has to be used again, ms. */
export const returnMsMax = 10_000;
/** Before an instant all is well for so long, and for a random time more, ms. */
const calmMs = { least: 3_000, more: 2_000 };

export interface BlackoutPlan {
  readonly fault: Fault;
  /** How many of so many nodes fail. */
  readonly victims: (nodes: number) => number;
  readonly chance: Chance;
}

/**
 * Waits for a random moment, makes drawn nodes fail at one instant, mends them and waits until they are used again.
 * `begun` is called at the instant. Aborting ends the waits, as any error does; what is broken is then for the caller to
 * mend.
 */
export async function blackOut(
  arena: Arena,
  load: Load,
  plan: BlackoutPlan,
  begun: (blackout: Blackout, nodes: readonly ArenaNode[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const { fault, chance } = plan;
  const calmFrom = performance.now();
  await pause(calmMs.least + chance.below(calmMs.more), undefined, { signal });
  const nodes = arena.nodes();
  const drawn = drawSome(nodes, plan.victims(nodes.length), chance);
  if (needsProxy(fault)) await untilCarrying(drawn, signal);
  const bypassed = needsProxy(fault) ? drawn.filter(({ cable }) => cable?.carriesMs() === 0).length : 0;
  const struck = load.inFlight();
  const peers = new Set(drawn.map(({ peer }) => peer));
  const blackout: Blackout = {
    ...{ fault, calmFrom, at: performance.now(), victims: peers, nodes: nodes.length, struck, bypassed },
    mendedAt: undefined,
  };
  // First, so that whoever mends knows of all of them, should striking end half-way.
  begun(blackout, drawn);
  strike(fault, drawn);
  await pause(outageMs, undefined, { signal });
  await mend(arena, drawn, signal);
  const mendedAt = performance.now();
  blackout.mendedAt = mendedAt;
  const isBack = () => returns(blackout, load.streams).every((ms) => ms !== undefined);
  while (!isBack() && performance.now() < mendedAt + returnMsMax) await pause(100, undefined, { signal });
}

/** A way has been used for so long before it is broken, ms, that no answer is left which came by another. */
const carryingMs = 5_000;
const carryingWaitMsMax = 30_000;

async function untilCarrying(nodes: readonly ArenaNode[], signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + carryingWaitMsMax;
  const carry = () => nodes.every(({ cable }) => cable !== undefined && cable.carriesMs() >= carryingMs);
  while (!carry() && performance.now() < deadline) await pause(100, undefined, { signal });
}

/** How long after it was back each victim spoke or witnessed again, ms; undefined: it has not. */
export function returns(
  { victims, mendedAt }: Blackout,
  streams: readonly Stream[],
): Array<number | undefined> {
  return [...victims].map((peer) => {
    if (mendedAt === undefined) return undefined;
    const seen = streams
      // A stream that was sent before may name who had been lost; only what began after counts.
      .filter(({ sentAt }) => sentAt > mendedAt)
      .flatMap(({ casts }) => casts)
      .filter(({ executor, witnesses }) => executor === peer || witnesses.includes(peer));
    return seen.length === 0 ? undefined : Math.min(...seen.map(({ at }) => at)) - mendedAt;
  });
}
