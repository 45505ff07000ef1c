import { circuitRelayServer, circuitRelayTransport } from "@libp2p/circuit-relay-v2";
import { privateKeyFromRaw } from "@libp2p/crypto/keys";
import { type GossipSub, gossipsub } from "@libp2p/gossipsub";
import { createTopicScoreParams } from "@libp2p/gossipsub/score";
import { type Identify, identify } from "@libp2p/identify";
import type { Libp2p, ServiceMap } from "@libp2p/interface";
import { type KadDHT, kadDHT, passthroughMapper } from "@libp2p/kad-dht";
import { noise } from "@libp2p/noise";
import { type Ping, ping } from "@libp2p/ping";
import { tcp } from "@libp2p/tcp";
import { yamux } from "@libp2p/yamux";
import { sha256 } from "@noble/hashes/sha2.js";
import { createLibp2p } from "libp2p";
import { limits } from "../../protocol/limits.ts";

interface HostServices extends ServiceMap {
  readonly identify: Identify;
  readonly ping: Ping;
  readonly pubsub: GossipSub;
  readonly dht: KadDHT;
}

/** The libp2p node itself, with the parts Holdfast uses and no others. */
export type Host = Libp2p<HostServices>;

/**
 * Peer ids of those connected, whoever opened the connection unless it is said. Libp2p's own list (`getPeers`) computes
 * each of them anew from its public key, which takes a millisecond of a core.
 */
export function connectedTo(host: Host, direction?: "inbound" | "outbound"): ReadonlySet<string> {
  const all = host.getConnections().filter((each) => direction === undefined || each.direction === direction);
  return new Set(all.map(({ remotePeer }) => remotePeer.toString()));
}

export interface HostOptions {
  /** The node's secp256k1 secret, 32 bytes: its peer id. */
  readonly privateKey: Uint8Array;
  /** Multiaddrs to listen on. `/p2p-circuit` reserves a place on a relay met on the way; give it once per relay wanted. */
  readonly listen: readonly string[];
  /** Multiaddrs to announce instead of those listened on (port forwarding). */
  readonly announce?: readonly string[] | undefined;
  /** Carry connections for nodes that cannot be dialled, within the bounds of protocol/limits.ts. */
  readonly relayServer?: boolean | undefined;
  /**
   * A whole network on one machine. Three defences against one address pretending to be many are lifted, which many
   * real nodes on one address trip over. Never for a network others can reach.
   */
  readonly local?: boolean | undefined;
  /** How often each peer is asked whether it is there, ms; `peersPingMs` of the limits unless told. */
  readonly pingMs?: number | undefined;
}

const loopback = ["127.0.0.1", "::1"];

/** Starts listening. Rejects as libp2p does, when no address can be listened on. */
export function createHost(options: HostOptions, topic: string): Promise<Host> {
  const { local = false, pingMs = limits.peersPingMs } = options;
  return createLibp2p<HostServices>({
    privateKey: privateKeyFromRaw(options.privateKey),
    addresses: {
      listen: [...options.listen],
      ...(options.announce === undefined ? {} : { announce: [...options.announce] }),
    },
    transports: [tcp(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    // A ping opens a stream of its own, at both ends of every connection: of all an idle node does, the most.
    connectionMonitor: { pingInterval: pingMs },
    connectionManager: local
      ? { inboundConnectionThreshold: 10_000, maxIncomingPendingConnections: 1_000 }
      : {},
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: "/holdfast/kad/1.0.0",
        // Left to itself a node answers others' queries only when it has a public address.
        ...(local ? { clientMode: false, peerInfoMapper: passthroughMapper } : {}),
      }),
      pubsub: gossipsub({
        // An offer is signed inside; signing the envelope too would cost 3 ms each and prove nothing more.
        globalSignaturePolicy: "StrictNoSign",
        msgIdFn: ({ data }) => sha256(data),
        allowPublishToZeroTopicPeers: true,
        ignoreDuplicatePublishError: true,
        allowedTopics: [topic],
        maxInboundDataLength: limits.offerBytesMax,
        scoreParams: {
          topics: { [topic]: topicScore },
          ...(local ? { IPColocationFactorWhitelist: new Set(loopback) } : {}),
        },
      }),
      ...(options.relayServer === true ? { relay: relayServer() } : {}),
    },
  });
}

/**
 * Only what must never happen counts: an offer that is forged or garbage. Five of them and the peer is graylisted.
 * Delivery rates say nothing in a market where a quiet peer is simply one without news.
 */
const topicScore = createTopicScoreParams({
  topicWeight: 1,
  timeInMeshWeight: 0,
  firstMessageDeliveriesWeight: 0,
  meshMessageDeliveriesWeight: 0,
  meshFailurePenaltyWeight: 0,
  invalidMessageDeliveriesWeight: -4,
  invalidMessageDeliveriesDecay: 0.97,
});

function relayServer() {
  return circuitRelayServer({
    reservations: {
      maxReservations: limits.relayReservationsMax,
      defaultDurationLimit: limits.relayConnectionMsMax,
      defaultDataLimit: BigInt(limits.relayConnectionBytesMax),
    },
  });
}
