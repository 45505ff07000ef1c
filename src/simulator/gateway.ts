import type { Chain, Log, Random } from "../ports.ts";
import type { HoldfastOptions } from "../protocol/holdfast-options.ts";
import { startAudits } from "../roles/auditor/audits.ts";
import { keepAudited } from "../roles/gateway/audits/audited.ts";
import { createNetworkBackend, type NetworkBackend } from "../roles/gateway/network/backend.ts";
import { createApplication, type Seen } from "./application.ts";
import type { Chance } from "./chance.ts";
import { createSimulatedDisk, type SimulatedDisk } from "./disk.ts";
import { simulatedMarket, simulatedTolerance, verify } from "./identity.ts";
import type { Ledger } from "./ledger.ts";
import type { Marketplace } from "./marketplace.ts";
import type { SimulatedNetwork } from "./network.ts";
import type { MachineClock, Timeline } from "./timeline.ts";

/** One client's own gateway: the real role over the doubles. Its process can be started anew. */
export interface SimulatedGateway {
  readonly name: string;
  readonly chain: Chain;
  readonly disk: SimulatedDisk;
  backend(): NetworkBackend;
  clock(): MachineClock;
  ask(request: Record<string, unknown>, keep?: Kept): Asked;
  /**
   * The process ends and a new one starts; its applications see their connections break. `auditShare`: from now on,
   * where it is another.
   */
  restart(auditShare?: number): void;
}

export interface Asked {
  readonly seen: Seen;
  readonly hangUp: () => void;
}

/** What is kept of an answer beside its text: of ten thousand at once, only that. */
export interface Kept {
  readonly events: boolean;
  /** Called when the answer has ended. */
  readonly ended?: () => void;
}

export interface GatewayPorts {
  readonly timeline: Timeline;
  readonly network: SimulatedNetwork;
  readonly marketplace: Marketplace;
  readonly ledger: Ledger;
  readonly log: Log;
}

export interface GatewayOptions {
  readonly name: string;
  readonly defaults: HoldfastOptions;
  readonly deadlineMs: number;
  /** Share of its unwatched answers that are audited; undefined: it keeps none. */
  readonly auditShare?: number;
}

export function createGateway(
  { timeline, network, marketplace, ledger, log }: GatewayPorts,
  chance: Chance,
  { name, defaults, deadlineMs, auditShare }: GatewayOptions,
): SimulatedGateway {
  const chain = ledger.view(name);
  const disk = createSimulatedDisk(timeline);
  const random = randomFrom(chance);
  const cutOff = new Set<() => void>();
  let { backend, clock } = start(auditShare);

  function start(share: number | undefined) {
    const clock = timeline.clock();
    const market = marketplace.gateway(name, clock);
    const dialer = network.dialer(name);
    const beacons = ledger.beacons(name, clock);
    const proofs = { market: simulatedMarket, tolerances: () => simulatedTolerance };
    const [receipts, evidence] = [disk.receipts("receipts"), disk.receipts("evidence")];
    const unwatched = share === undefined ? undefined : disk.receipts("unwatched");
    const backend = createNetworkBackend(
      {
        ...{ market, dialer, chain, verify, clock, random, log, proofs, beacons, receipts, evidence },
        ...(unwatched && { unwatched }),
      },
      { defaults, deadlineMs },
    );
    if (unwatched !== undefined && share !== undefined) {
      const found = keepAudited({ receipts, evidence, condemn: backend.condemn });
      const rules = { ...proofs, verify };
      const dialer = network.dialer(name, false);
      startAudits({ market, dialer, clock, log, rules, beacons, unwatched, found }, { share });
    }
    return { backend, clock };
  }

  return {
    ...{ name, chain, disk },
    backend: () => backend,
    clock: () => clock,
    ask(request, keep = { events: true }) {
      const application = createApplication(timeline.now, {
        events: keep.events,
        ended() {
          cutOff.delete(application.cutOff);
          keep.ended?.();
        },
      });
      cutOff.add(application.cutOff);
      const body = { model: "simulated", stream: true, ...request };
      const endpoint = "prompt" in body ? "completions" : "chat/completions";
      const { reply, seen, hangUp } = application;
      backend.answer({ endpoint, requestId: "r", body, raw: "", headers: {}, reply });
      return { seen, hangUp };
    },
    restart(share = auditShare) {
      clock.stop();
      disk.crash();
      network.drop(name);
      marketplace.leave(name);
      for (const cut of [...cutOff]) cut();
      ({ backend, clock } = start(share));
    },
  };
}

function randomFrom(chance: Chance): Random {
  return {
    bytes(length) {
      const words = new Uint32Array(Math.ceil(length / 4));
      for (let at = 0; at < words.length; at++) words[at] = chance.below(2 ** 32);
      return new Uint8Array(words.buffer, 0, length);
    },
  };
}
