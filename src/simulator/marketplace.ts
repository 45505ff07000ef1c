import type { PeerId } from "../domain/ids.ts";
import type { Market } from "../ports.ts";
import { limits } from "../protocol/limits.ts";
import type { Offer } from "../protocol/offer.ts";
import type { Chance } from "./chance.ts";
import { addressOf, sealOffer } from "./identity.ts";
import type { MachineClock, Timeline } from "./timeline.ts";

/**
 * The control plane's double: gossip. Offers reach every gateway after a while, or not at all, or twice, or the older
 * after the newer; each is said again before it expires.
 */
export interface Marketplace {
  readonly faults: GossipFaults;
  /** A node's side. `disk` outlives the process: sequence numbers never go back. */
  provider(peer: PeerId, clock: MachineClock, disk: NodeDisk): Market;
  /** A gateway's side; it hears at once of what is known already. `offers`: those that stand by its clock. */
  gateway(name: string, clock: Pick<MachineClock, "wall">): Market & { offers(): Offer[] };
  /** The gateway's process ended. */
  leave(name: string): void;
  /** The control plane thinks that this peer is gone (rightly or not), and says so to everybody. */
  rumour(peer: PeerId): void;
  /** Nothing reaches this gateway or comes from this node any more, until it does again. */
  isolate(who: string, isolated: boolean): void;
}

/** Mutable, as the network's. */
export interface GossipFaults {
  delayMsMean: number;
  /** Share of deliveries that never arrive, and that arrive twice. */
  loss: number;
  duplication: number;
}

export interface NodeDisk {
  seq: number;
}

interface Ear {
  hear(offer: Offer): void;
  gone(peer: PeerId): void;
}

export function createMarketplace(timeline: Timeline, chance: Chance, faults: GossipFaults): Marketplace {
  const ears = new Map<string, Ear>();
  const latest = new Map<PeerId, Offer>();
  const isolated = new Set<string>();

  /** Delays are drawn for each delivery, so an older offer may come after a newer one. */
  function deliver(offer: Offer, to: string): void {
    const times = chance.hits(faults.loss) ? 0 : chance.hits(faults.duplication) ? 2 : 1;
    for (let time = 0; time < times; time++) {
      timeline.at(timeline.now() + chance.exponential(faults.delayMsMean), () => {
        if (!isolated.has(to)) ears.get(to)?.hear(offer);
      });
    }
  }

  return {
    faults,
    provider: (peer, clock, disk) => ({
      async publish(terms) {
        const address = addressOf(peer);
        const say = () => {
          disk.seq += 1;
          const wall = Math.round(clock.wall());
          const times = { seq: disk.seq, issuedAt: wall, expiresAt: wall + limits.offerLifeMs };
          const offer = { ...terms, ...times, peer, address };
          clock.after(limits.offerLifeMs * limits.offerRenewShare * (0.8 + 0.2 * chance.next()), say);
          if (isolated.has(peer)) return;
          latest.set(peer, offer);
          for (const name of ears.keys()) deliver(offer, name);
        };
        say();
      },
      onOffer: () => {},
      onGone: () => {},
      signedOf: () => undefined,
    }),
    gateway(name, clock) {
      let hear: Ear["hear"] = () => {};
      let gone: Ear["gone"] = () => {};
      const heard = new Map<PeerId, Offer>();
      ears.set(name, {
        hear(offer) {
          if (offer.seq > (heard.get(offer.peer)?.seq ?? 0)) heard.set(offer.peer, offer);
          hear(offer);
        },
        gone: (peer) => gone(peer),
      });
      return {
        publish: async () => {},
        offers: () => [...heard.values()].filter(({ expiresAt }) => expiresAt > clock.wall()),
        signedOf: (peer) => {
          const offer = heard.get(peer);
          return offer && sealOffer(offer);
        },
        onOffer(listener) {
          hear = listener;
          for (const offer of latest.values()) deliver(offer, name);
        },
        onGone(listener) {
          gone = listener;
        },
      };
    },
    leave: (name) => void ears.delete(name),
    rumour(peer) {
      for (const [name, ear] of ears) {
        timeline.at(timeline.now() + chance.exponential(faults.delayMsMean), () => {
          if (!isolated.has(name) && ears.get(name) === ear) ear.gone(peer);
        });
      }
    },
    isolate(who, isIsolated) {
      isIsolated ? isolated.add(who) : isolated.delete(who);
    },
  };
}
