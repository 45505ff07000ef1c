import type { Ms, PeerId } from "../ids.ts";

/** What the rule needs of an offer. */
export interface OfferTerms {
  readonly peer: PeerId;
  /** Rises with every offer of its node. */
  readonly seq: number;
  /** Unix ms, by its node's clock. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface MarketBounds {
  readonly offersMax: number;
  /** Longest time an offer may stand, ms. */
  readonly offerLifeMsMax: number;
  /** Difference between two honest clocks, ms. */
  readonly clockSkewMsMax: number;
}

/**
 * What becomes of an offer. "newer" is taken. "same" and "older" are honest echoes: ignored, and nobody is blamed.
 * "expired", "premature" and "endless" break the rules of time; "full" is this node's own bound.
 */
export type OfferVerdict = "newer" | "same" | "older" | "expired" | "premature" | "endless" | "full";

/** The offers one node knows: at most one per peer, each until it expires. */
export interface Book<Offer extends OfferTerms> {
  /** The verdict, without taking it: everything that can be said before the costly check of a signature. */
  judge(offer: OfferTerms, wall: number): OfferVerdict;
  /** Takes the offer if it is "newer". `now` is monotonic: once taken, no clock that is set moves its end. */
  take(offer: Offer, now: Ms, wall: number): OfferVerdict;
  /** Forgets those whose time is over, and names them. */
  expire(now: Ms): PeerId[];
  of(peer: PeerId): Offer | undefined;
  /** Those that stand, newest taken first. */
  standing(): Offer[];
}

export function createBook<Offer extends OfferTerms>(bounds: MarketBounds): Book<Offer> {
  const entries = new Map<PeerId, { readonly offer: Offer; readonly until: Ms }>();

  function judge(offer: OfferTerms, wall: number): OfferVerdict {
    const known = entries.get(offer.peer)?.offer;
    if (known !== undefined && offer.seq <= known.seq) return offer.seq === known.seq ? "same" : "older";
    const life = offer.expiresAt - offer.issuedAt;
    if (life <= 0) return "expired";
    if (life > bounds.offerLifeMsMax) return "endless";
    // Of a node whose last offer stands its own counting says what is newer. Clocks are for strangers: one that is
    // set, here or there, must not end the acquaintance.
    if (known !== undefined) return "newer";
    if (isOver(offer, wall)) return "expired";
    if (isEarly(offer, wall)) return "premature";
    return entries.size >= bounds.offersMax ? "full" : "newer";
  }

  function isOver({ expiresAt }: OfferTerms, wall: number): boolean {
    return expiresAt + bounds.clockSkewMsMax <= wall;
  }

  function isEarly({ issuedAt }: OfferTerms, wall: number): boolean {
    return issuedAt > wall + bounds.clockSkewMsMax;
  }

  return {
    judge,
    take(offer, now, wall) {
      const verdict = judge(offer, wall);
      if (verdict !== "newer") return verdict;
      const life = offer.expiresAt - offer.issuedAt;
      // Its whole life, counted from now, but never beyond what the most skewed honest clock could have meant; where
      // the two clocks have nothing to do with each other, its whole life.
      const left = isOver(offer, wall)
        ? life
        : Math.min(life, offer.expiresAt + bounds.clockSkewMsMax - wall);
      entries.delete(offer.peer);
      entries.set(offer.peer, { offer, until: now + left });
      return verdict;
    },
    expire(now) {
      const gone = [...entries].filter(([, { until }]) => until <= now).map(([peer]) => peer);
      for (const peer of gone) entries.delete(peer);
      return gone;
    },
    of: (peer) => entries.get(peer)?.offer,
    standing: () => [...entries.values()].map(({ offer }) => offer).reverse(),
  };
}
