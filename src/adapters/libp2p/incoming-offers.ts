import type { Address, PeerId } from "../../domain/ids.ts";
import { createBook } from "../../domain/market/book.ts";
import type { Market712 } from "../../domain/verification/statement.ts";
import type { Clock, Log } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import type { Offer } from "../../protocol/offer.ts";
import { isBlamed, openOffer } from "./sealed-offer.ts";

/** Others' offers as this node knows them: each was checked, stands until it expires, and can be passed on as it came. */
export interface IncomingOffers {
  /** Takes signed bytes from anywhere. "reject": only a dishonest peer passes such a thing on. */
  take(sealed: Uint8Array, from: string): Promise<"accept" | "ignore" | "reject">;
  onOffer(listener: (offer: Offer) => void): void;
  onGone(listener: (peer: PeerId) => void): void;
  /** Someone seems to be gone. */
  gone(peer: PeerId): void;
  of(peer: PeerId): Offer | undefined;
  /** As it came: JSON. */
  signedOf(peer: PeerId): string | undefined;
  /** Newest first. */
  standing(): Offer[];
  /** The same, as signed. */
  sealed(): Uint8Array[];
  stop(): void;
}

export function createIncomingOffers(
  ports: { readonly clock: Clock; readonly log: Log },
  options: {
    readonly self: PeerId;
    readonly market: Market712;
    readonly isBonded: (node: Address) => boolean;
  },
): IncomingOffers {
  const { clock, log } = ports;
  const book = createBook<Offer>(limits, ({ address }) => options.isBonded(address));
  const sealed = new Map<PeerId, Uint8Array>();
  const onOffer: Array<(offer: Offer) => void> = [];
  const onGone: Array<(peer: PeerId) => void> = [];
  let cancel = () => {};
  let clockTold = false;

  function gone(peer: PeerId): void {
    for (const listener of onGone) listener(peer);
  }

  function sweep(): void {
    for (const peer of book.expire(clock.now())) {
      sealed.delete(peer);
      gone(peer);
    }
    cancel = clock.after(limits.peersCheckMs, sweep);
  }
  sweep();

  /** Who knows nobody and is told only of other times has a clock that is wrong: once, since strangers say so. */
  function tellOfClock(verdict: "expired" | "premature", from: string): void {
    if (clockTold || book.standing().length > 0) return;
    clockTold = true;
    log.warn("clock.differs", {
      from,
      reason: verdict,
      remedy: "Look whether this machine's clock is right.",
    });
  }

  return {
    async take(bytes, from) {
      const opened = await openOffer(bytes, options.market, (terms) =>
        terms.peer === options.self ? "same" : book.judge(terms, clock.now(), clock.wall()),
      );
      // Judged again when taken: while one signature was checked, another copy may have been.
      const verdict =
        "refusal" in opened ? opened.refusal : book.take(opened.offer, clock.now(), clock.wall());
      if ("offer" in opened && verdict === "newer") {
        sealed.set(opened.offer.peer, bytes);
        for (const listener of onOffer) listener(opened.offer);
        return "accept";
      }
      if (verdict === "expired" || verdict === "premature") tellOfClock(verdict, from);
      if (verdict === "newer" || !isBlamed(verdict)) return "ignore";
      log.warn("offer.refused", { from, reason: verdict, bytes: bytes.length });
      return "reject";
    },
    onOffer(listener) {
      onOffer.push(listener);
      for (const offer of book.standing()) listener(offer);
    },
    onGone: (listener) => void onGone.push(listener),
    gone,
    of: book.of,
    signedOf(peer) {
      const bytes = sealed.get(peer);
      return bytes && new TextDecoder().decode(bytes);
    },
    standing: book.standing,
    sealed: () => book.standing().flatMap(({ peer }) => sealed.get(peer) ?? []),
    stop: () => cancel(),
  };
}
