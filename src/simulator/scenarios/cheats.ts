import { limits } from "../../protocol/limits.ts";
import { drawSome } from "../chance.ts";
import type { Scenario, Terms } from "../scenario.ts";

/** Nodes that lie, or serve another model, and Sybils: many offers without stake, which stand still, break or lie. */
export const cheats: Scenario = {
  about: "lying nodes, another model under this one's name, Sybils without stake",
  world: (terms) => ({
    sybils: sybilsOf(terms),
    // Long enough that nothing leaves unjudged, so that the truth can be demanded of every token.
    defaults: { finality: "stream", witnesses: 2, holdMs: limits.holdMsMax },
  }),
  plan({ world, at, terms, chance, from, strike }) {
    const { nodes } = world;
    const sybils = nodes.slice(nodes.length - sybilsOf(terms));
    const staked = nodes.slice(0, nodes.length - sybilsOf(terms));
    const ways = ["lie", "stall", "garbage", "hang", "500"];
    at(from, () => {
      for (const sybil of sybils) strike([sybil], ways[chance.below(ways.length)]!);
      const liars = drawSome(staked, Math.floor(staked.length * Math.min(0.3, terms.share)), chance);
      strike(liars.slice(1), "lie");
      // Few enough that honest witnesses are the majority: together they could call the truth a lie.
      strike(liars.slice(0, 1), "swap");
    });
  },
};

/** Up to more than half: offers cost nothing. */
function sybilsOf({ nodes, share }: Terms): number {
  return Math.floor(nodes * Math.min(0.6, 2 * share));
}
