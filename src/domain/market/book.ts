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

/**
 * The offers one node knows: at most one per peer, each until it expires. A full book makes room for an offer with a
 * bond behind it by forgetting the oldest without one: offers that cost nothing cannot keep others out.
 */
export interface Book<Offer extends OfferTerms> {
  /** The verdict, without taking it: everything that can be said before the costly check of a signature. */
  judge(offer: Offer, now: Ms, wall: number): OfferVerdict;
  /** Takes the offer if it is "newer". `now` is monotonic: once taken, no clock that is set moves its end. */
  take(offer: Offer, now: Ms, wall: number): OfferVerdict;
  /** Forgets those whose time is over; names them, and those that had to make room since the last call. */
  expire(now: Ms): PeerId[];
  of(peer: PeerId): Offer | undefined;
  /** Those that stand: with a bond behind them when they were taken first, and the newest taken first of both. */
  standing(): Offer[];
}

export function createBook<Offer extends OfferTerms>(
  bounds: MarketBounds,
  isBonded: (offer: Offer) => boolean = () => false,
): Book<Offer> {
  /** Those that had nothing at stake when they were taken, oldest first. */
  const unbonded = new Set<PeerId>();
  let displaced: PeerId[] = [];
  const entries = new Map<PeerId, { readonly offer: Offer; readonly until: Ms; readonly ahead: number }>();

  function judge(offer: Offer, now: Ms, wall: number): OfferVerdict {
    const known = entries.get(offer.peer)?.offer;
    if (known !== undefined && offer.seq <= known.seq) return offer.seq === known.seq ? "same" : "older";
    const life = offer.expiresAt - offer.issuedAt;
    if (life <= 0) return "expired";
    if (life > bounds.offerLifeMsMax) return "endless";
    // Of a node whose last offer stands its own counting says what is newer. Clocks are for strangers.
    if (known !== undefined) return "newer";
    const untimely = timeliness(offer, wall);
    if (untimely !== undefined && timeliness(offer, timeOfOthers(now) ?? wall) !== undefined) return untimely;
    return entries.size < bounds.offersMax || (unbonded.size > 0 && isBonded(offer)) ? "newer" : "full";
  }

  function timeliness(
    { issuedAt, expiresAt }: OfferTerms,
    wall: number,
  ): "expired" | "premature" | undefined {
    if (expiresAt + bounds.clockSkewMsMax <= wall) return "expired";
    return issuedAt > wall + bounds.clockSkewMsMax ? "premature" : undefined;
  }

  /** The time by those who stand here, the middle one of the newest few: what it is when this node's clock was set. */
  function timeOfOthers(now: Ms): number | undefined {
    const newest = [...entries.values()].slice(-othersAsked);
    const ahead = newest.map((entry) => entry.ahead).sort((a, b) => a - b);
    const middle = ahead[Math.floor(ahead.length / 2)];
    return middle === undefined ? undefined : now + middle;
  }

  function forget(peer: PeerId): void {
    entries.delete(peer);
    unbonded.delete(peer);
  }

  function makeRoom(): void {
    const [oldest] = unbonded;
    if (oldest === undefined) return;
    forget(oldest);
    displaced.push(oldest);
  }

  return {
    judge,
    take(offer, now, wall) {
      const verdict = judge(offer, now, wall);
      if (verdict !== "newer") return verdict;
      const { peer, issuedAt, expiresAt } = offer;
      const life = expiresAt - issuedAt;
      // Its whole life, counted from now, but never beyond what the most skewed honest clock could have meant; where
      // the two clocks have nothing to do with each other, its whole life.
      const latest = timeliness(offer, wall) === undefined ? expiresAt + bounds.clockSkewMsMax - wall : life;
      if (!entries.has(peer) && entries.size >= bounds.offersMax) makeRoom();
      forget(peer);
      if (!isBonded(offer)) unbonded.add(peer);
      entries.set(peer, { offer, until: now + Math.min(life, latest), ahead: issuedAt - now });
      return verdict;
    },
    expire(now) {
      const gone = [...entries].filter(([, { until }]) => until <= now).map(([peer]) => peer);
      gone.forEach(forget);
      gone.push(...displaced.filter((peer) => !entries.has(peer)));
      displaced = [];
      return gone;
    },
    of: (peer) => entries.get(peer)?.offer,
    standing() {
      const newest = [...entries.values()].map(({ offer }) => offer).reverse();
      return newest.toSorted((a, b) => Number(unbonded.has(a.peer)) - Number(unbonded.has(b.peer)));
    },
  };
}

/** Of how many the clocks are asked: more than half of so many are hardly wrong by chance. */
const othersAsked = 15;
