import type { Scenario } from "../scenario.ts";

/** Everything in one region, of one operator or of one build is lost at one instant, and comes back later. */
export const region: Scenario = {
  about: "a whole region, operator or engine build is lost at once, and returns",
  plan({ world, at, terms, chance, from, until, strike, heal, mark }) {
    const { nodes } = world;
    const kind = terms.correlated === "none" ? "region" : terms.correlated;
    const name = nodes[chance.below(nodes.length)]!.domain[kind];
    const lost = nodes.filter(({ domain }) => domain[kind] === name);
    // The last of a small network stays: nothing is promised where nobody is.
    const failing = lost.length === nodes.length ? lost.slice(1) : lost;
    at(from + (until - from) / 3, () => {
      mark();
      strike(failing, terms.fault);
    });
    at(from + (2 * (until - from)) / 3, () => heal(failing));
  },
};
