import { drawSome } from "../chance.ts";
import type { Scenario } from "../scenario.ts";

/** Nodes start anew with nothing but their disk, gateways with jobs in flight. */
export const restart: Scenario = {
  about: "nodes restart with only their disk, gateways with jobs in flight",
  plan({ world, at, chance, from, until, strike, heal }) {
    const { timeline, nodes, gateways } = world;
    for (const node of drawSome(nodes, Math.ceil(nodes.length / 2), chance)) {
      at(from + chance.below(until - from), () => {
        strike([node], "kill");
        at(timeline.now() + 1 + chance.below(500), () => heal([node]));
      });
    }
    const gateway = gateways[chance.below(gateways.length)]!;
    at(from + chance.below(until - from), () => gateway.restart());
  },
};
