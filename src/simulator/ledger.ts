import type { Address } from "../domain/ids.ts";
import type { Chain } from "../ports.ts";
import type { Timeline } from "./timeline.ts";

/** The chain's double, as the Chain port shows it: what a gateway believes of it, which may be old, nothing, or a lie. */
export interface Ledger {
  stake(node: Address, amount: bigint): void;
  /** The truth. */
  stakeOf(node: Address): bigint;
  /** One gateway's view. */
  view(name: string): Chain;
  believe(name: string, belief: Belief): void;
}

/**
 * "fresh" is what the chain says. "blind": no endpoint ever answered. "stale": none answers any more, what was known
 * stands. "inverted": enough endpoints lie together, and stakes stand on their heads.
 */
export type Belief = "fresh" | "blind" | "stale" | "inverted";

export function createLedger(timeline: Timeline): Ledger {
  const stakes = new Map<Address, bigint>();
  const beliefs = new Map<string, { belief: Belief; known: Map<Address, bigint>; at: number }>();
  return {
    stake: (node, amount) => void stakes.set(node, amount),
    stakeOf: (node) => stakes.get(node) ?? 0n,
    view(name) {
      const own = beliefs.get(name) ?? { belief: "fresh", known: stakes, at: 0 };
      beliefs.set(name, own);
      return {
        stakeOf(node) {
          if (own.belief === "blind") return 0n;
          const stake = own.known.get(node) ?? 0n;
          return own.belief === "inverted" ? (stake > 0n ? 0n : 1n) : stake;
        },
        isRegistered: () => own.belief !== "blind",
        freshAt: () =>
          own.belief === "blind" ? undefined : own.belief === "stale" ? own.at : timeline.now(),
      };
    },
    believe(name, belief) {
      const own = beliefs.get(name);
      if (own === undefined) return;
      own.belief = belief;
      own.known = belief === "stale" ? new Map(stakes) : stakes;
      own.at = timeline.now();
    },
  };
}
