import type { Market712 } from "../../domain/verification/statement.ts";
import type { Clock, Log, Market, Store } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import type { Offer } from "../../protocol/offer.ts";
import { addressOf, type NodeKey, peerIdOf } from "../keys/node-key.ts";
import { sealOffer } from "./sealed-offer.ts";

type OfferFacts = Parameters<Market["publish"]>[0];

/** This node's standing offer: signed, told to the network, and renewed before its life is over. */
export interface OwnOffer {
  publish(facts: OfferFacts): Promise<void>;
  /** Tells again at once: addresses changed. Nothing before the first `publish`. */
  renew(): void;
  /** The signed bytes last told. */
  sealed(): Uint8Array | undefined;
  stop(): void;
}

interface Options {
  readonly key: NodeKey;
  readonly market: Market712;
  /** libp2p addresses as they are now; they join those the caller named. */
  readonly multiaddrs: () => readonly string[];
  readonly tell: (sealed: Uint8Array) => Promise<void>;
}

const seqKey = "offer/seq";

export function createOwnOffer(
  ports: { readonly clock: Clock; readonly log: Log; readonly store: Store },
  { key, market, multiaddrs, tell }: Options,
): OwnOffer {
  const { clock, log, store } = ports;
  const [peer, address] = [peerIdOf(key), addressOf(key)];
  let facts: OfferFacts | undefined;
  let seq = -1;
  let last: Uint8Array | undefined;
  let cancel = () => {};
  let stopped = false;
  let turn: Promise<void> = Promise.resolve();

  /**
   * On disk before it is used. Wall time as the floor outlives even a lost disk, and the last one in memory a disk
   * that cannot be written and a clock that is set back.
   */
  function nextSeq(): number {
    const stored = Number(store.get(seqKey) ?? -1);
    seq = Math.max(Number.isSafeInteger(stored) ? stored + 1 : 0, seq + 1, clock.wall());
    store.put(seqKey, String(seq));
    return seq;
  }

  async function announce(): Promise<void> {
    if (facts === undefined || stopped) return;
    cancel();
    cancel = clock.after(limits.offerLifeMs * limits.offerRenewShare, renew);
    const issuedAt = clock.wall();
    const addresses = [...new Set([...facts.multiaddrs, ...multiaddrs()])];
    const offer: Offer = {
      ...facts,
      multiaddrs: addresses.slice(0, limits.offerAddressesMax),
      peer,
      address,
      seq: nextSeq(),
      issuedAt,
      expiresAt: issuedAt + limits.offerLifeMs,
    };
    last = await sealOffer(offer, key, market);
    await tell(last);
  }

  /** One after the other, so that sequence numbers go out in order. */
  function queue(): Promise<void> {
    const next = turn.then(announce);
    turn = next.catch(() => undefined);
    return next;
  }

  function renew(): void {
    queue().catch((error) => log.warn("offer.renewal-failed", { detail: String(error) }));
  }

  return {
    publish(terms) {
      facts = terms;
      return queue();
    },
    renew,
    sealed: () => last,
    stop() {
      stopped = true;
      cancel();
    },
  };
}
