import { drawSome } from "../chance.ts";
import type { Belief } from "../ledger.ts";
import type { Scenario } from "../scenario.ts";

/** The chain is away, was never reached, or its endpoints lie together, while nodes fail as well. */
export const chain: Scenario = {
  about: "RPC endpoints are lost or lie, differently for each gateway, while nodes fail",
  world: ({ nodes }) => ({ sybils: Math.floor(nodes / 4) }),
  plan({ world, at, terms, chance, from, until, strike }) {
    const { ledger, gateways, nodes } = world;
    const beliefs: Belief[] = ["blind", "stale", "inverted", "fresh"];
    for (const { name } of gateways) {
      for (let change = 0; change < 3; change++) {
        const belief = beliefs[chance.below(beliefs.length)]!;
        at(from + chance.below(until - from), () => ledger.believe(name, belief));
      }
    }
    const failing = drawSome(nodes, Math.floor(nodes.length * terms.share), chance);
    at(from + chance.below(until - from), () => strike(failing, terms.fault));
  },
  calm({ ledger, gateways }) {
    for (const { name } of gateways) ledger.believe(name, "fresh");
  },
};
