import { drawSome } from "../chance.ts";
import type { Scenario } from "../scenario.ts";

/** Nodes come and go all the time: one after the other is killed or hung, and is back a little later. */
export const churn: Scenario = {
  about: "one node after the other is killed or hung, and returns",
  plan({ world, at, chance, from, until, strike, heal }) {
    const { timeline, nodes } = world;
    const period = (until - from) / Math.max(4, nodes.length / 2);
    const next = () => {
      if (timeline.now() >= until) return;
      const gone = drawSome(
        nodes.filter((node) => node.isUp()),
        1,
        chance,
      );
      strike(gone, chance.hits(0.5) ? "kill" : "hang");
      at(timeline.now() + period * (1 + 3 * chance.next()), () => heal(gone));
      at(timeline.now() + chance.exponential(period), next);
    };
    at(from + chance.exponential(period), next);
  },
};
