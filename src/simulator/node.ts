import type { Address, ModelId, PeerId } from "../domain/ids.ts";
import type { Log, Signer } from "../ports.ts";
import type { Offer } from "../protocol/offer.ts";
import { createKeptClosings } from "../roles/provider/closings.ts";
import { startProvider } from "../roles/provider/provider.ts";
import { createSimulatedDisk, type SimulatedDisk } from "./disk.ts";
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
import type { Ledger } from "./ledger.ts";
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
  readonly disk: SimulatedDisk;
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
  readonly ledger: Ledger;
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
  { timeline, network, marketplace, ledger, log }: NodePorts,
  { index, traits, domain, slots, contextTokens, clock: clockTraits }: NodeOptions,
): SimulatedNode {
  const peer = peerOf(index);
  const disk = createSimulatedDisk(timeline);
  const numbers = { seq: 0, statements: 0 };
  let starts = 0;
  let process: { clock: MachineClock; engine: { taken(): number } } | undefined;

  return {
    ...{ index, peer, address: addressOf(peer), domain, traits, disk },
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
          ...{ listener: network.listener(peer), market: marketplace.provider(peer, clock, numbers) },
          ...{ clock, log, verify, engines: [engine], signer: createSigner(peer, starts) },
          ...{ random: createSalts(peer, starts), sequence: { next: () => (numbers.statements += 1) } },
          ...{ tolerances: () => simulatedTolerance, beacons: ledger.beacons(peer, clock) },
          ...{ sealed: disk.receipts("sealed"), closings: createKeptClosings({ store: disk.store, clock }) },
          signerOf: (key) => signersOf(peer, starts).find(({ sessionKey }) => sessionKey === key),
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
      disk.crash();
      network.kill(peer);
    },
    hang(hung) {
      process?.clock.pause(hung);
      network.hang(peer, hung);
    },
  };
}

/** As it signed at each of its starts. */
function signersOf(peer: PeerId, starts: number): Signer[] {
  return Array.from({ length: starts }, (_, before) => createSigner(peer, before + 1));
}
