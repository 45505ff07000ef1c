import type { Duplex } from "node:stream";
import { peerIdFromString } from "@libp2p/peer-id";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import type { PeerId } from "../../domain/ids.ts";
import { limits } from "../../protocol/limits.ts";
import type { Offer } from "../../protocol/offer.ts";
import type { Host } from "./host.ts";
import { streamDuplex } from "./stream-duplex.ts";

/**
 * The data plane's second way: a raw stream to a node that cannot be dialled, usually through a relay. The same
 * pinned TLS and HTTP/2 run over it, so a relay carries bytes it can neither read nor forge.
 */
const carrierProtocol = "/holdfast/h2/1";

/** Serves streams that others open to this node. `remote` is who, as proven by libp2p's own handshake. */
export function serveCarried(host: Host, serve: (connection: Duplex, remote: PeerId) => void): Promise<void> {
  return host.handle(
    carrierProtocol,
    (stream, connection) =>
      serve(streamDuplex(stream), connection.remotePeer.toString() as unknown as PeerId),
    { runOnLimitedConnection: true, maxInboundStreams: limits.carriedPerPeerMax },
  );
}

/** Opens such a stream to the node of an offer, over a connection that stands or by dialling its multiaddrs. */
export async function openCarried(host: Host, offer: Offer, signal: AbortSignal): Promise<Duplex> {
  const peer = peerIdFromString(offer.peer);
  const connected = host.getConnections(peer).some(({ status }) => status === "open");
  const target = connected ? peer : multiaddrsOf(offer.peer, offer.multiaddrs);
  const stream = await host.dialProtocol(target, carrierProtocol, { signal, runOnLimitedConnection: true });
  return streamDuplex(stream);
}

/** Those among a peer's claimed multiaddrs that are any, ending in its own id. */
export function multiaddrsOf(peer: string, texts: readonly string[]): Multiaddr[] {
  const suffix = `/p2p/${peer}`;
  return texts.flatMap((text) => {
    try {
      return [multiaddr(text.endsWith(suffix) ? text : `${text}${suffix}`)];
    } catch {
      return [];
    }
  });
}
