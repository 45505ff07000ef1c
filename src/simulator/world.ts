import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Address, ModelId, PeerId, SessionKey } from "../domain/ids.ts";
import type { Log, Market, Random, Verify } from "../ports.ts";
import type { HoldfastOptions } from "../protocol/holdfast-options.ts";
import { limits } from "../protocol/limits.ts";
import type { Offer } from "../protocol/offer.ts";
import type { Backend } from "../roles/gateway/backend.ts";
import { createNetworkBackend } from "../roles/gateway/network/backend.ts";
import { startProvider } from "../roles/provider/provider.ts";
import { createApplication, type Seen } from "./application.ts";
import type { Chance } from "./chance.ts";
import { createSimulatedEngine, type EngineTraits } from "./engine.ts";
import { createNetwork, type NetworkFaults, type SimulatedNetwork } from "./network.ts";
import { createTimeline, type Timeline } from "./timeline.ts";

/** A whole network in one thread: the real roles and rules over doubles of every port. */
export interface World {
  readonly timeline: Timeline;
  readonly network: SimulatedNetwork;
  readonly nodes: readonly SimulatedNode[];
  readonly gateway: Backend;
  ask(request: Record<string, unknown>): { seen: Seen; hangUp: () => void };
  /** Lets time pass until this answer has ended. */
  answered(seen: Seen): Promise<Seen>;
}

export interface SimulatedNode {
  readonly peer: PeerId;
  readonly traits: EngineTraits;
  /** `taken`: sequences at work. */
  readonly engine: { taken(): number };
}

export interface WorldOptions {
  readonly nodes: number;
  /** How many of them serve another model under the same name. */
  readonly cheats: number;
  readonly faults: NetworkFaults;
  /** Jobs each runs at once; 16 when not given. */
  readonly slots?: number;
  readonly defaults: HoldfastOptions;
}

const modelId = `sha256:${"ab".repeat(32)}` as ModelId;

export async function createWorld(chance: Chance, options: WorldOptions): Promise<World> {
  const timeline = createTimeline();
  const network = createNetwork(timeline, chance.child("network"), options.faults);
  const market = createMarketplace(timeline, chance.child("market"));
  const random = randomFrom(chance.child("gateway"));
  const gateway = createNetworkBackend(
    {
      market: market.join(undefined),
      dialer: network.dialer(),
      chain,
      verify,
      clock: timeline.clock(),
      random,
      log,
    },
    { defaults: options.defaults, deadlineMs: limits.deadlineMsDefault },
  );
  const nodes: SimulatedNode[] = [];
  for (let index = 0; index < options.nodes; index++) {
    const peer = `16Uiu2HAm${String(index).padStart(44, "1")}` as PeerId;
    const traits = traitsFrom(chance.child(peer), index < options.cheats);
    const clock = timeline.clock();
    const model = { id: modelId, slots: options.slots ?? 16, contextTokens: 4096 };
    const engine = createSimulatedEngine(clock, peer, traits, model);
    nodes.push({ peer, traits, engine });
    const key = sessionKeyOf(peer);
    await startProvider(
      {
        ...{ listener: network.listener(peer), market: market.join(peer), clock, log, verify },
        engines: [engine],
        signer: { sessionKey: key, sign: (bytes) => signatureOf(key, bytes) },
      },
      {
        ...{ certificate: "00".repeat(32), endpoints: [], priceIn: "0", priceOut: "0" },
        domain: {
          operator: `operator-${index % 7}`,
          region: `region-${index % 3}`,
          build: "b",
          hardware: "h",
        },
      },
    );
  }
  await timeline.run(200, () => false);
  return {
    ...{ timeline, network, nodes, gateway },
    ask: (request) => ask(gateway, timeline, request),
    async answered(seen) {
      await timeline.run(timeline.now() + limits.deadlineMsDefault + 1_000, () => seen.ends > 0);
      return seen;
    },
  };
}

function ask(gateway: Backend, timeline: Timeline, request: Record<string, unknown>) {
  const { seen, reply, hangUp } = createApplication(timeline.now);
  const body = { model: "simulated", stream: true, ...request };
  const endpoint = "prompt" in body ? "completions" : "chat/completions";
  const call = { endpoint, requestId: "r", body, raw: "", headers: {}, reply } as const;
  gateway.answer(call);
  return { seen, hangUp };
}

function traitsFrom(chance: Chance, otherModel: boolean): EngineTraits {
  return {
    stepMs: 12 + chance.below(20),
    judgeMsPerToken: 4 + chance.below(4),
    noise: 0.04,
    otherModel,
    stalled: false,
  };
}

/** Offers reach everybody else after a while. */
function createMarketplace(timeline: Timeline, chance: Chance) {
  const listeners: Array<{ peer: PeerId | undefined; hear: (offer: Offer) => void }> = [];
  let seq = 0;
  return {
    join: (peer: PeerId | undefined): Market => ({
      async publish(terms) {
        const wall = timeline.clock().wall();
        const times = { seq: seq++, issuedAt: wall, expiresAt: wall + limits.offerLifeMsMax };
        const offer = { ...terms, ...times, peer: peer!, address: addressOf(peer!) };
        for (const { peer: other, hear } of listeners) {
          if (other !== peer) timeline.at(timeline.now() + chance.exponential(30), () => hear(offer));
        }
      },
      onOffer: (hear) => void listeners.push({ peer, hear }),
      onGone: () => {},
    }),
  };
}

const sessionKeyOf = (peer: PeerId) => bytesToHex(sha256(utf8ToBytes(peer))) as SessionKey;
const addressOf = (peer: PeerId) => `0x${sessionKeyOf(peer).slice(0, 40)}` as Address;
/** Not a signature, but it binds key and bytes as one does. */
const signatureOf = (key: SessionKey, bytes: Uint8Array) =>
  bytesToHex(sha256(concatBytes(utf8ToBytes(key), bytes)));
const verify: Verify = (key, bytes, signature) => signatureOf(key, bytes) === signature;

const chain = { stakeOf: () => 1n, isRegistered: () => true, freshAt: () => 0 };
const silent = () => {};
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };

function randomFrom(chance: Chance): Random {
  return { bytes: (length) => Uint8Array.from({ length }, () => chance.below(256)) };
}
