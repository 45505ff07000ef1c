import { drawSome } from "../chance.ts";
import { checkAudits, checkDrawn } from "../checkers/audits.ts";
import { checkReceipts } from "../checkers/receipts.ts";
import type { Scenario } from "../scenario.ts";

/** A quick chain, whose epochs are soon over: so many ms for 300 blocks, the first of them so long after the beginning. */
const blockMs = 150;
const epochMs = 300 * blockMs;
const blocksToEpoch = 100;
const firstEpochAt = blocksToEpoch * blockMs;

/** Nobody watches, and blocks draw who reads every answer again, while gateways and nodes come and go with their disks. */
export const audits: Scenario = {
  about:
    "unwatched answers, some of them lies, audited by drawn nodes; gateways and nodes come back with their disks",
  asks: { finality: "none", receiptPrompt: true },
  unwatched: true,
  world: () => ({ auditShare: 1, blocks: { everyMs: blockMs, first: 1_200 - blocksToEpoch } }),
  plan({ world, at, terms, chance, from, until, strike, heal }) {
    const { ledger, gateways, nodes } = world;
    const sometime = () => from + chance.below(until - from);
    const failing = drawSome(nodes, Math.floor(nodes.length * Math.min(0.3, terms.share)), chance);
    const liars = failing.slice(0, Math.ceil(failing.length / 2));
    at(from, () => strike(liars, "lie"));
    at(sometime(), () => strike(failing.slice(liars.length), terms.fault));
    // Audits begin as epochs do: that is when it matters who is gone in the middle of one.
    for (let epoch = firstEpochAt; epoch < until; epoch += epochMs) {
      const soon = () => epoch + chance.below(auditsMs);
      for (const node of drawSome(nodes, Math.ceil(nodes.length / 3), chance)) {
        const down = soon();
        at(down, () => strike([node], "kill"));
        at(down + chance.below(5_000), () => heal([node]));
      }
      for (const gateway of gateways) at(soon(), () => gateway.restart());
      const halt = soon();
      at(halt, () => ledger.halt(true));
      at(halt + chance.below(5_000), () => ledger.halt(false));
      at(soon(), () => ledger.reorganise(1 + chance.below(2)));
    }
    // The moment that matters most: a node opens, and that is lost on its way, or whoever waits for it is gone.
    world.network.onTestimony((gateway, word) => {
      const isGone = word === "revealed" && chance.hits(0.05);
      const waiting = gateways.find(({ name }) => name === gateway);
      if (isGone) at(world.timeline.now(), () => waiting?.restart());
      return chance.hits(word === "revealed" ? 0.1 : 0.03);
    });
    for (const { disk } of gateways) {
      const full = sometime();
      at(full, () => disk.fill(true));
      at(full + chance.below(5_000), () => disk.fill(false));
    }
  },
  /** Nothing more is drawn: what is due by then has to be settled by what gateways kept of it. */
  calm({ network, ledger, gateways }) {
    network.onTestimony(() => false);
    ledger.halt(false);
    for (const gateway of gateways) {
      gateway.disk.fill(false);
      gateway.restart(0);
    }
  },
  lastsMs: 2.5 * epochMs,
  healMsMax: 6 * epochMs,
  healed: (world) => checkAudits(world).length === 0,
  check: async (world) => [
    ...checkAudits(world),
    ...checkDrawn(world, firstEpochAt),
    ...(await checkReceipts(world)),
  ],
};

/** From an epoch's beginning until its audits are over, about, ms. */
const auditsMs = 15_000;
