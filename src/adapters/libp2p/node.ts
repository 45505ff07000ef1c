import type { Duplex } from "node:stream";
import type { TopicValidatorResult } from "@libp2p/gossipsub";
import type { Address, ModelId, PeerId } from "../../domain/ids.ts";
import type { Market712 } from "../../domain/verification/statement.ts";
import type { Clock, Log, Market, Store } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import type { Offer } from "../../protocol/offer.ts";
import { acquaintances, parseBootstrap } from "./acquaintances.ts";
import { multiaddrsOf, openCarried, serveCarried } from "./carrier.ts";
import { type Acquaintance, type Company, keepCompany } from "./company.ts";
import { createModelNotices, seekModel } from "./discovery.ts";
import { startExchange } from "./exchange.ts";
import { connectedTo, createHost, type Host, type HostOptions } from "./host.ts";
import { createIncomingOffers, type IncomingOffers } from "./incoming-offers.ts";
import { createOwnOffer, type OwnOffer } from "./own-offer.ts";
import { createRemembered, type Remembered } from "./remembered.ts";

export interface NodeOptions extends HostOptions, Market712 {
  /** Multiaddrs of nodes to begin with, with or without `/p2p/…`. None is needed once peers are remembered. */
  readonly bootstrap: readonly string[];
  /** Is something at stake behind this node's word? Where offers are too many to keep, those are kept. */
  readonly isBonded: (node: Address) => boolean;
}

interface Ports {
  readonly clock: Clock;
  readonly log: Log;
  /** Sequence number of offers and known peers; survives a restart. Its writes do not throw. */
  readonly store: Store;
}

/** One node of the control plane. */
export interface Node extends Market {
  readonly peer: PeerId;
  /** Where others reach it now, `/p2p/…` included; relayed addresses come and go. */
  multiaddrs(): string[];
  /** Peers connected now. */
  peers(): string[];
  /** Offers that stand, newest first, own one excluded. */
  offers(): Offer[];
  /** Says in the hash table that these models are here. Safe to call again. */
  noticeModels(models: readonly ModelId[]): Promise<void>;
  /** Looks in the hash table for nodes with this model and connects to them. Returns how many. */
  seekModel(model: ModelId): Promise<number>;
  /** The dialer's second way, for providers that cannot be dialled. */
  readonly relay: { open(offer: Offer, signal: AbortSignal): Promise<Duplex> };
  /** Hands over what comes that way; give it the listener's `serve`. */
  serveRelayed(serve: (connection: Duplex, remote: PeerId) => void): Promise<void>;
  close(): Promise<void>;
}

/** Starts a node. Throws HoldfastError `cannot-listen` (fault environment) or `bad-multiaddr` (fault user). */
export async function createNode(ports: Ports, options: NodeOptions): Promise<Node> {
  const bootstrap = options.bootstrap.map(parseBootstrap);
  const topic = topicOf(options);
  const host = await startHost(options, topic);
  try {
    return await nodeOn(host, topic, ports, { ...options, bootstrap });
  } catch (error) {
    await host.stop();
    throw error;
  }
}

async function nodeOn(
  host: Host,
  topic: string,
  ports: Ports,
  options: Omit<NodeOptions, "bootstrap"> & { readonly bootstrap: readonly Acquaintance[] },
): Promise<Node> {
  const { pubsub } = host.services;
  const peer = host.peerId.toString() as unknown as PeerId;
  const remembered = createRemembered(ports);
  const offers = createIncomingOffers(ports, { self: peer, market: options, isBonded: options.isBonded });
  const multiaddrs = () => host.getMultiaddrs().map(String);
  const own = createOwnOffer(ports, {
    key: options.privateKey,
    market: options,
    multiaddrs,
    tell: async (sealed) => void (await pubsub.publish(topic, sealed)),
  });
  pubsub.topicValidators.set(
    topic,
    async (from, { data }) => (await offers.take(data, from.toString())) as TopicValidatorResult,
  );
  pubsub.subscribe(topic);
  await startExchange(ports, host, topic, {
    known: () => [own.sealed() ?? [], offers.sealed()].flat(),
    take: async (sealed, from) => (await offers.take(sealed, from.toString())) !== "reject",
  });
  const company = keepCompany(ports, host, () =>
    acquaintances(host, remembered, options.bootstrap, offers.standing()),
  );
  watchPeers(ports, host, { own, offers, company, remembered });
  return {
    peer,
    multiaddrs,
    peers: () => [...connectedTo(host)],
    offers: offers.standing,
    publish: own.publish,
    onOffer: offers.onOffer,
    onGone: offers.onGone,
    signedOf: offers.signedOf,
    noticeModels: createModelNotices(ports, host),
    seekModel: (model) => seekModel(ports, host, model),
    relay: { open: (offer, signal) => openCarried(host, offer, signal) },
    serveRelayed: (serve) => serveCarried(host, serve),
    async close() {
      own.stop();
      offers.stop();
      company.stop();
      await host.stop();
    },
  };
}

/** Offers are for one market: the same topic on another chain or bond contract is another network. */
function topicOf({ chainId, bonds }: Market712): string {
  return `/holdfast/${chainId}/${bonds.toLowerCase()}/offers/1`;
}

async function startHost(options: HostOptions, topic: string): Promise<Host> {
  try {
    return await createHost(options, topic);
  } catch (cause) {
    throw new HoldfastError("This node cannot listen for its peers.", {
      code: "cannot-listen",
      fault: "environment",
      remedy: "Check that the addresses are this machine's and that no other process has the port.",
      facts: { listen: options.listen.join(" ") },
      cause,
    });
  }
}

interface Watch {
  readonly own: OwnOffer;
  readonly offers: IncomingOffers;
  readonly company: Company;
  readonly remembered: Remembered;
}

/** What a node does when peers come and go, and when its own addresses change. */
function watchPeers({ clock }: Ports, host: Host, { own, offers, company, remembered }: Watch): void {
  const isRunning = () => host.status === "started";
  host.addEventListener("peer:identify", ({ detail: { connection, peerId, listenAddrs } }) => {
    // What comes in while the node stops finds its store closed.
    if (!isRunning()) return;
    // Only a peer this node reached itself is worth remembering: anyone can connect to us and claim addresses.
    if (connection.direction !== "outbound" || connection.limits !== undefined) return;
    const reached = connection.remoteAddr.toString();
    remembered.remember(peerId.toString(), [...new Set([reached, ...listenAddrs.map(String)])]);
  });
  host.addEventListener("peer:disconnect", ({ detail }) => {
    // Whoever stops loses all its peers, and looks for no others.
    if (!isRunning()) return;
    company.look();
    const peer = detail.toString() as unknown as PeerId;
    const offer = offers.of(peer);
    if (offer === undefined) return;
    // A connection may end for many reasons; a peer that does not answer now is gone.
    host.dial(multiaddrsOf(peer, offer.multiaddrs)).catch(() => {
      if (isRunning()) offers.gone(peer);
    });
  });
  let before = "";
  let cancel = () => {};
  host.addEventListener("self:peer:update", () => {
    const now = host.getMultiaddrs().map(String).sort().join(" ");
    if (now === before || !isRunning()) return;
    before = now;
    // Addresses change several at a time; each offer told costs every node of the network a signature check.
    cancel();
    cancel = clock.after(limits.redialMsMin, own.renew);
  });
}
