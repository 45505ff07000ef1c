import type { Address } from "../domain/ids.ts";
import type { Beacons, Chain, Clock } from "../ports.ts";
import { type BlocksOptions, createBlocks } from "./blocks.ts";
import type { Timeline } from "./timeline.ts";

/** The chain's double, as its two ports show it: what somebody believes of it, which may be old, nothing, or a lie. */
export interface Ledger {
  stake(node: Address, amount: bigint): void;
  /** The truth. */
  stakeOf(node: Address): bigint;
  /** One gateway's view. */
  view(name: string): Chain;
  /** One process's view of the blocks, a gateway's or a node's. */
  beacons(name: string, clock: Clock): Beacons;
  believe(name: string, belief: Belief): void;
  /** No block comes any more, until they do again. */
  halt(halted: boolean): void;
  /** So many of the last blocks are others than they were. */
  reorganise(depth: number): void;
  /** Was this one another once? */
  wasOther(block: number): boolean;
}

/**
 * "fresh" is what the chain says. "blind": no endpoint ever answered. "stale": none answers any more, what was known
 * stands. "inverted": enough endpoints lie together, and stakes stand on their heads.
 */
export type Belief = "fresh" | "blind" | "stale" | "inverted";

const usualBlocks: BlocksOptions = { everyMs: 2_000, first: 1_199 };

export function createLedger(timeline: Timeline, options: BlocksOptions = usualBlocks): Ledger {
  const stakes = new Map<Address, Stake>();
  const blocks = createBlocks(timeline, options);
  const beliefs = new Map<string, { belief: Belief; known: ReadonlyMap<Address, Stake>; at: number }>();
  const beliefOf = (name: string) => {
    const own = beliefs.get(name) ?? { belief: "fresh" as Belief, known: stakes, at: 0 };
    beliefs.set(name, own);
    return own;
  };
  const stakeBelieved = (own: ReturnType<typeof beliefOf>, node: Address, time: number) => {
    if (own.belief === "blind") return 0n;
    const { amount, since } = own.known.get(node) ?? none;
    const stake = since <= time ? amount : 0n;
    return own.belief === "inverted" ? (stake > 0n ? 0n : 1n) : stake;
  };
  return {
    stake: (node, amount) => void stakes.set(node, { amount, since: timeline.now() }),
    stakeOf: (node) => (stakes.get(node) ?? none).amount,
    view(name) {
      const own = beliefOf(name);
      return {
        stakeOf: (node) => stakeBelieved(own, node, timeline.now()),
        isRegistered: () => own.belief !== "blind",
        freshAt: () =>
          own.belief === "blind" ? undefined : own.belief === "stale" ? own.at : timeline.now(),
      };
    },
    beacons(name, clock) {
      const own = beliefOf(name);
      return blocks.view(clock, {
        until() {
          if (own.belief === "blind") return undefined;
          return own.belief === "stale" ? own.at : Number.POSITIVE_INFINITY;
        },
        stakeAt: (node, time) => stakeBelieved(own, node, time),
        totalAt: (time) =>
          [...own.known.keys()].reduce((sum, node) => sum + stakeBelieved(own, node, time), 0n),
      });
    },
    believe(name, belief) {
      const own = beliefOf(name);
      own.belief = belief;
      own.known = belief === "stale" ? new Map(stakes) : stakes;
      own.at = timeline.now();
    },
    ...{ halt: blocks.halt, reorganise: blocks.reorganise, wasOther: blocks.wasOther },
  };
}

interface Stake {
  readonly amount: bigint;
  /** Simulated time. */
  readonly since: number;
}

const none: Stake = { amount: 0n, since: 0 };
