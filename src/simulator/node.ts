import type { Address, JobId, ModelId, PeerId } from "../domain/ids.ts";
import type { Log } from "../ports.ts";
import type { Offer } from "../protocol/offer.ts";
import { startProvider } from "../roles/provider/provider.ts";
import { createSimulatedEngine, type EngineTraits } from "./engine.ts";
import {
  addressOf,
  createSalts,
  createSigner,
  peerOf,
  simulatedMarket,
  simulatedTolerance,
  verify,
} from "./identity.ts";
import type { Marketplace } from "./marketplace.ts";
import type { SimulatedNetwork } from "./network.ts";
import type { ClockTraits, MachineClock, Timeline } from "./timeline.ts";

/** One provider's machine: its process comes and goes, its disk stays. */
export interface SimulatedNode {
  readonly index: number;
  readonly peer: PeerId;
  readonly address: Address;
  readonly domain: Offer["domain"];
  readonly traits: EngineTraits;
  /** `taken`: sequences at work. */
  readonly engine: { taken(): number };
  isUp(): boolean;
  /** Starts the process anew, with nothing but its disk. */
  start(): void;
  /** The process is gone, and its sockets with it. */
  kill(): void;
  /** Stopped, as by SIGSTOP: sockets stay, nothing runs. */
  hang(hung: boolean): void;
  clock(): MachineClock;
}

export interface NodePorts {
  readonly timeline: Timeline;
  readonly network: SimulatedNetwork;
  readonly marketplace: Marketplace;
  readonly log: Log;
}

export interface NodeOptions {
  readonly index: number;
  readonly traits: EngineTraits;
  readonly domain: Offer["domain"];
  readonly slots: number;
  readonly contextTokens: number;
  readonly clock: ClockTraits;
}

export const modelId = `sha256:${"ab".repeat(32)}` as ModelId;

export function createNode(
  { timeline, network, marketplace, log }: NodePorts,
  { index, traits, domain, slots, contextTokens, clock: clockTraits }: NodeOptions,
): SimulatedNode {
  const peer = peerOf(index);
  const disk = { seq: 0, statements: 0, sealed: new Map<JobId, string>() };
  let starts = 0;
  let process: { clock: MachineClock; engine: { taken(): number } } | undefined;

  return {
    ...{ index, peer, address: addressOf(peer), domain, traits },
    engine: { taken: () => process?.engine.taken() ?? 0 },
    isUp: () => process !== undefined,
    clock: () => process?.clock ?? timeline.clock(clockTraits),
    start() {
      starts += 1;
      const clock = timeline.clock(clockTraits);
      const engine = createSimulatedEngine(clock, peer, traits, { id: modelId, slots, contextTokens });
      process = { clock, engine };
      network.revive(peer);
      void startProvider(
        {
          ...{ listener: network.listener(peer), market: marketplace.provider(peer, clock, disk) },
          ...{ clock, log, verify, engines: [engine], signer: createSigner(peer, starts) },
          ...{ random: createSalts(peer, starts), sequence: { next: () => (disk.statements += 1) } },
          tolerances: () => simulatedTolerance,
          sealed: {
            put: (job, text) => void disk.sealed.set(job, text),
            get: async (job) => disk.sealed.get(job),
          },
        },
        {
          identity: { node: addressOf(peer), market: simulatedMarket },
          ...{ certificate: "00".repeat(32), endpoints: [], priceIn: "0", priceOut: "0" },
          domain,
        },
      );
    },
    kill() {
      process?.clock.stop();
      process = undefined;
      network.kill(peer);
    },
    hang(hung) {
      process?.clock.pause(hung);
      network.hang(peer, hung);
    },
  };
}
