import { drawSome } from "../chance.ts";
import { checkAudits } from "../checkers/audits.ts";
import { checkReceipts } from "../checkers/receipts.ts";
import type { Scenario } from "../scenario.ts";

/** Nobody watches, and blocks draw who reads every answer again, while gateways and nodes come and go with their disks. */
export const audits: Scenario = {
  about:
    "unwatched answers, some of them lies, audited by drawn nodes; gateways and nodes come back with their disks",
  asks: { finality: "none", receiptPrompt: true },
  unwatched: true,
  // A quick chain, so that an epoch is soon over; the first begins while answers come.
  world: () => ({ auditShare: 1, blocks: { everyMs: 250, first: 1_200 - 40 } }),
  plan({ world, at, terms, chance, from, until, strike, heal }) {
    const { ledger, gateways, nodes } = world;
    const sometime = () => from + chance.below(until - from);
    const failing = drawSome(nodes, Math.floor(nodes.length * Math.min(0.3, terms.share)), chance);
    const liars = failing.slice(0, Math.ceil(failing.length / 2));
    at(from, () => strike(liars, "lie"));
    at(sometime(), () => strike(failing.slice(liars.length), terms.fault));
    for (const node of drawSome(nodes, Math.ceil(nodes.length / 3), chance)) {
      const down = sometime();
      at(down, () => strike([node], "kill"));
      at(down + chance.below(5_000), () => heal([node]));
    }
    for (const gateway of gateways) {
      at(sometime(), () => gateway.restart());
      const full = sometime();
      at(full, () => gateway.disk.fill(true));
      at(full + chance.below(2_000), () => gateway.disk.fill(false));
    }
    const halt = sometime();
    at(halt, () => ledger.halt(true));
    at(halt + chance.below(10_000), () => ledger.halt(false));
  },
  calm({ ledger, gateways }) {
    ledger.halt(false);
    for (const { disk } of gateways) disk.fill(false);
  },
  lastsMs: 30_000,
  // An epoch of 300 blocks, and another for what the first one could not settle.
  healMsMax: 600_000,
  healed: (world) => checkAudits(world).length === 0,
  async check(world) {
    const found = [...checkAudits(world), ...(await checkReceipts(world))];
    // Or one might be at work when everybody is to have let go.
    for (const gateway of world.gateways) gateway.endAudits();
    return found;
  },
};
