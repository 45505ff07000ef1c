import { drawSome } from "../chance.ts";
import type { Scenario } from "../scenario.ts";

/** Up to half of the nodes suffer something at some moment; a part of them gets over it while requests still come. */
export const storm: Scenario = {
  about: "any faults at any moments, on up to half of the nodes; gossip loses and repeats",
  plan({ world, at, chance, from, until, strike, heal }) {
    const { nodes, marketplace } = world;
    Object.assign(marketplace.faults, { loss: chance.hits(0.5) ? 0.2 : 0, duplication: 0.2 });
    const span = until - from;
    for (const node of drawSome(nodes, Math.ceil(nodes.length / 2), chance)) {
      if (chance.hits(0.2)) continue;
      const fault = stormy[chance.below(stormy.length)]!;
      const begin = from + chance.below(span);
      at(begin, () => strike([node], fault));
      if (chance.hits(0.3)) at(begin + chance.below(span), () => heal([node]));
    }
  },
};

/** No lying: whoever lies needs the long hold of `cheats`, so that the truth can be demanded of every token. */
const stormy = [
  ...["kill", "hang", "stall", "reset", "cut", "slow", "500", "garbage", "netdown"],
  ...["clog", "deaf", "mute", "rumour"],
];
