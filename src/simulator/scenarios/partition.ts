import { drawSome } from "../chance.ts";
import type { Way } from "../network.ts";
import type { Scenario } from "../scenario.ts";

/** A gateway and a part of the nodes lose sight of one another, often in one direction only; the cut moves, and heals. */
export const partition: Scenario = {
  about: "one-way and shifting partitions between gateways and parts of the nodes",
  plan({ world, at, chance, from, until }) {
    const { network, nodes, gateways } = world;
    const span = until - from;
    const shifts = 1 + chance.below(6);
    for (let shift = 0; shift < shifts; shift++) {
      const apart = drawSome(nodes, Math.ceil(nodes.length * (0.1 + 0.4 * chance.next())), chance);
      const direction = [undefined, "in", "out"][chance.below(3)] as Way["direction"];
      const { name } = gateways[chance.below(gateways.length)]!;
      const way: Way = { gateway: name, ...(direction === undefined ? {} : { direction }) };
      const begin = from + (span * shift) / shifts;
      at(begin, () => {
        for (const { peer } of apart) network.cut(peer, true, way);
      });
      at(begin + (span / shifts) * (0.5 + chance.next()), () => {
        for (const { peer } of apart) network.cut(peer, false, way);
      });
    }
  },
};
