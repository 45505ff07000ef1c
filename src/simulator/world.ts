import type { Log } from "../ports.ts";
import type { HoldfastOptions } from "../protocol/holdfast-options.ts";
import { limits } from "../protocol/limits.ts";
import type { Backend } from "../roles/gateway/backend.ts";
import type { Seen } from "./application.ts";
import type { BlocksOptions } from "./blocks.ts";
import type { Chance } from "./chance.ts";
import type { EngineTraits } from "./engine.ts";
import { type Asked, createGateway, type SimulatedGateway } from "./gateway.ts";
import { createLedger, type Ledger } from "./ledger.ts";
import type { NetworkFaults } from "./link.ts";
import { createMarketplace, type Marketplace } from "./marketplace.ts";
import { createNetwork, type SimulatedNetwork } from "./network.ts";
import { createNode, type SimulatedNode } from "./node.ts";
import { createTimeline, type Timeline } from "./timeline.ts";

/** A whole network in one thread: the real roles and rules over doubles of every port. */
export interface World {
  readonly timeline: Timeline;
  readonly network: SimulatedNetwork;
  readonly marketplace: Marketplace;
  readonly ledger: Ledger;
  readonly nodes: readonly SimulatedNode[];
  readonly gateways: readonly SimulatedGateway[];
  /** The first of them. */
  readonly gateway: Backend;
  ask(request: Record<string, unknown>): Asked;
  /** Lets time pass until this answer has ended. */
  answered(seen: Seen): Promise<Seen>;
}

export interface WorldOptions {
  readonly nodes: number;
  /** How many of them, the first ones, serve another model under the same name. */
  readonly cheats: number;
  readonly faults: NetworkFaults;
  /** Jobs each runs at once; 16 when not given. */
  readonly slots?: number;
  readonly defaults: HoldfastOptions;
  /** How fast all engines are, where it is not drawn for each. */
  readonly pace?: Pick<EngineTraits, "stepMs" | "judgeMsPerToken">;
  /** One when not given. Each knows every offer. */
  readonly gateways?: number;
  /** The last ones, without stake. */
  readonly sybils?: number;
  /** Largest difference of a node's wall clock from the others', ms, and of its pace, as a share. */
  readonly clockOffsetMs?: number;
  readonly clockDrift?: number;
  /** Share of a gateway's unwatched answers that are audited; they keep none when not given. */
  readonly auditShare?: number;
  readonly blocks?: BlocksOptions;
}

const contextTokens = 4096;
const silent = () => {};
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };

export async function createWorld(chance: Chance, options: WorldOptions): Promise<World> {
  const timeline = createTimeline();
  const network = createNetwork(timeline, chance.child("network"), options.faults);
  const gossip = { delayMsMean: 30, loss: 0, duplication: 0 };
  const marketplace = createMarketplace(timeline, chance.child("market"), gossip);
  const ledger = createLedger(timeline, options.blocks);
  const ports = { timeline, network, marketplace, ledger, log };
  const gateways = Array.from({ length: options.gateways ?? 1 }, (_, index) => {
    const name = `gateway-${index}`;
    const { defaults, auditShare } = options;
    return createGateway(ports, chance.child(name), {
      ...{ name, defaults, deadlineMs: limits.deadlineMsDefault },
      ...(auditShare === undefined ? {} : { auditShare }),
    });
  });
  const nodes = Array.from({ length: options.nodes }, (_, index) => {
    const own = chance.child(`node-${index}`);
    const node = createNode(ports, {
      ...{ index, contextTokens, slots: options.slots ?? 16, domain: domainOf(index, options.nodes) },
      traits: { ...traitsFrom(own, index < options.cheats), ...options.pace },
      clock: {
        offsetMs: (2 * own.next() - 1) * (options.clockOffsetMs ?? 0),
        rate: 1 + (2 * own.next() - 1) * (options.clockDrift ?? 0),
      },
    });
    if (index < options.nodes - (options.sybils ?? 0)) ledger.stake(node.address, 1n);
    return node;
  });
  for (const node of nodes) node.start();
  await timeline.run(warmUpMs, () => false);
  return {
    ...{ timeline, network, marketplace, ledger, nodes, gateways },
    gateway: gateways[0]!.backend(),
    ask: (request) => gateways[0]!.ask(request),
    async answered(seen) {
      await timeline.run(timeline.now() + limits.deadlineMsDefault + 1_000, () => seen.ends > 0);
      return seen;
    },
  };
}

/** Until every offer has reached everybody, ms. */
const warmUpMs = 1_000;

function traitsFrom(chance: Chance, otherModel: boolean): EngineTraits {
  return {
    stepMs: 12 + chance.below(20),
    judgeMsPerToken: 4 + chance.below(4),
    noise: 0.04,
    otherModel,
    stalled: false,
  };
}

/** What can fail together. More operators in a larger network; regions, builds and kinds of hardware stay few. */
function domainOf(index: number, nodes: number) {
  const operators = Math.max(7, Math.ceil(nodes / 20));
  return {
    operator: `operator-${index % operators}`,
    region: `region-${index % 5}`,
    build: `build-${(index >> 1) % 4}`,
    hardware: `hardware-${(index >> 2) % 3}`,
  };
}
