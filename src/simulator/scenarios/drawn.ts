import { limits } from "../../protocol/limits.ts";
import { drawSome } from "../chance.ts";
import { checkReceipts } from "../checkers/receipts.ts";
import type { Belief } from "../ledger.ts";
import type { Scenario } from "../scenario.ts";

/** Blocks draw who speaks, who witnesses and by which seed, while blocks do not come, endpoints are lost and nodes fail. */
export const drawn: Scenario = {
  about:
    "answers whose committee and seed a block draws; the chain halts and forks, endpoints are lost, nodes lie",
  // Long enough that nothing leaves unjudged, so that the truth can be demanded of every token.
  asks: { committee: "drawn", holdMs: limits.holdMsMax, receiptPrompt: true },
  world: () => ({ blocks: { everyMs: 1_000, first: 1_199 } }),
  plan({ world, at, terms, chance, from, until, strike }) {
    const { ledger, gateways, nodes } = world;
    const sometime = () => from + chance.below(until - from);
    const failing = drawSome(nodes, Math.floor(nodes.length * Math.min(0.3, terms.share)), chance);
    const liars = failing.slice(0, Math.ceil(failing.length / 2));
    at(sometime(), () => {
      strike(liars, "lie");
      strike(failing.slice(liars.length), terms.fault);
    });
    const halt = sometime();
    at(halt, () => ledger.halt(true));
    at(halt + chance.below(20_000), () => ledger.halt(false));
    at(sometime(), () => ledger.reorganise(1 + chance.below(2)));
    const beliefs: Belief[] = ["blind", "stale", "fresh"];
    for (const name of [...gateways.map((each) => each.name), ...nodes.map((each) => each.peer)]) {
      const belief = beliefs[chance.below(beliefs.length)]!;
      const since = sometime();
      at(since, () => ledger.believe(name, belief));
      at(since + chance.below(10_000), () => ledger.believe(name, "fresh"));
    }
  },
  calm({ ledger, gateways, nodes }) {
    ledger.halt(false);
    for (const { name } of gateways) ledger.believe(name, "fresh");
    for (const { peer } of nodes) ledger.believe(peer, "fresh");
  },
  lastsMs: 20_000,
  // A conversation that waits for a block may have begun while the chain stood still.
  healMsMax: 10_000,
  // Once all is well, an answer is not only right but proven.
  check: (world, before) => checkReceipts(world, (job) => !before.has(job)),
};
