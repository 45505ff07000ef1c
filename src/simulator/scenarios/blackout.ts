import { type Chance, drawSome } from "../chance.ts";
import type { SimulatedNode } from "../node.ts";
import type { Scenario, Terms } from "../scenario.ts";

/** A share of the nodes fails at one instant, a third of the way through the requests. */
export const blackout: Scenario = {
  about: "a share of the nodes fails at one instant, by one fault",
  plan({ world, at, terms, chance, from, until, strike, mark }) {
    at(from + (until - from) / 3, () => {
      mark();
      strike(whoFails(world.nodes, terms, chance), terms.fault);
    });
  },
};

/** Any nodes, or whole failure domains one after the other until the share is reached. */
function whoFails(nodes: readonly SimulatedNode[], { share, correlated }: Terms, chance: Chance) {
  const count = Math.round(nodes.length * share);
  if (correlated === "none") return drawSome(nodes, count, chance);
  const names = [...new Set(nodes.map(({ domain }) => domain[correlated]))];
  const failing: SimulatedNode[] = [];
  for (const name of drawSome(names, names.length, chance)) {
    if (failing.length >= count) break;
    failing.push(...nodes.filter(({ domain }) => domain[correlated] === name));
  }
  return failing.slice(0, count);
}
