import { drawSome } from "../chance.ts";
import type { Scenario } from "../scenario.ts";

/** Clocks that run fast or slow, are minutes apart, or are set by an hour, on nodes and on a gateway. */
export const clocks: Scenario = {
  about: "clocks drift, differ, and jump by an hour",
  // Longer than an offer's life: what was learnt before the jump is forgotten by then.
  lastsMs: 90_000,
  world: () => ({ clockOffsetMs: 50_000, clockDrift: 0.01 }),
  plan({ world, at, chance, from, until }) {
    const { nodes, gateways } = world;
    // An application's own machine may be the one that is wrong; live nodes must go on answering it.
    const gateway = gateways[chance.below(gateways.length)]!;
    at(from + chance.below(until - from), () => gateway.clock().step(hourOf(chance.hits(0.5))));
    for (const node of drawSome(nodes, Math.floor(nodes.length / 3), chance)) {
      at(from + chance.below(until - from), () => node.clock().step(hourOf(chance.hits(0.5))));
    }
  },
  calm({ nodes }) {
    // A machine whose clock is wrong by an hour is put right by a restart.
    for (const node of nodes) node.kill();
  },
  healMsMax: 1_000,
};

function hourOf(forward: boolean): number {
  return forward ? 3_600_000 : -3_600_000;
}
