import type { ModelId, Ms, PeerId } from "../../../domain/ids.ts";
import type { ChatMessage, Prompt } from "../../../domain/inference/spec.ts";
import type { Prospect } from "../../../domain/inference/state.ts";
import { createBook } from "../../../domain/market/book.ts";
import { type ModelOnOffer, vectorsKey } from "../../../domain/market/models.ts";
import { createShelves } from "../../../domain/market/shelves.ts";
import { afterRestart, standing as standingOf } from "../../../domain/routing/health.ts";
import { afterAnswer, afterHedge, hedgesFull, mayHedge } from "../../../domain/routing/hedge-budget.ts";
import { createLiars } from "../../../domain/routing/liars.ts";
import { firstContentMs, paceLearnt } from "../../../domain/routing/pace.ts";
import { createPrefixes, type Mark, marksOf } from "../../../domain/routing/prefixes.ts";
import { type Candidate, rank } from "../../../domain/routing/rank.ts";
import { hasRoom } from "../../../domain/routing/seats.ts";
import type { Chain, Clock, Market, Random } from "../../../ports.ts";
import { limits } from "../../../protocol/limits.ts";
import type { Offer } from "../../../protocol/offer.ts";
import { createCatalogue } from "./catalogue.ts";
import type { Roster } from "./job-ports.ts";
import { createKnownNode, heedOffer, heedOutcome, type KnownNode, type Listing } from "./known-node.ts";

export interface NetworkRoster extends Omit<Roster, "prospects" | "learnt"> {
  /** Best first, without these, beside whom they are to work. */
  prospectsOf(wanted: Wanted, beside: readonly PeerId[]): readonly Prospect[];
  /** The same, if there is room for such an answer to begin. */
  roomFor(wanted: Wanted): readonly Prospect[] | undefined;
  /** Those that could be drawn for such an answer: with a stake, showing all logits, and there as far as is known. */
  drawable(wanted: Wanted): readonly Offer[];
  /** These, as they stand now, in the order given. */
  prospectsIn(peers: readonly PeerId[], wanted: Wanted): readonly Prospect[];
  /** What is remembered of a prompt, so that who has read it is asked when the conversation goes on. */
  marksOf(prompt: Prompt, model: ModelId): readonly Mark[];
  learnt(effect: Parameters<Roster["learnt"]>[0], wanted: Wanted): void;
  /** It has lied, and that was found otherwise than in an answer under way. */
  condemn(peer: PeerId): void;
  /** By digest, or by the name most stake stands behind. */
  modelOf(nameOrId: string): ModelOnOffer | undefined;
  models(): readonly ModelOnOffer[];
  status(): Record<string, unknown>;
}

/** What an answer needs providers for. */
export interface Wanted {
  readonly model: ModelOnOffer;
  readonly witnesses: number;
  readonly marks: readonly Mark[];
  /** Has it to fit a JSON schema? Then only those are asked who can see to that. */
  readonly schema: boolean;
}

export interface RosterPorts {
  readonly market: Market;
  readonly chain: Chain;
  readonly clock: Clock;
  readonly random: Random;
}

/** Who is on offer, how each has done, and how busy this gateway keeps them. `onRoom`: a seat may have come free. */
export function createRoster(
  { market, chain, clock, random }: RosterPorts,
  onRoom: () => void,
): NetworkRoster {
  const book = createBook<Offer>(limits, isBonded);
  const shelves = createShelves<Listing>();
  /** Whoever has an offer that stands, or an attempt under way. */
  const nodes = new Map<PeerId, KnownNode>();
  const liars = createLiars(limits);
  const catalogue = createCatalogue({ chain, clock, standing: book.standing, onStake });
  const prefixes = createPrefixes<PeerId>(limits.conversationsMax);
  const prefixKey = random.bytes(32);
  const chance = chanceFrom(random);
  let hedges = hedgesFull(limits.hedges);
  let hedgesMade = 0;
  let sweptAt = clock.now();

  market.onOffer((offer) => {
    const { peer } = offer;
    const before = book.of(peer);
    if (book.take(offer, clock.now(), clock.wall()) !== "newer") return;
    const node = nodes.get(peer) ?? createKnownNode();
    nodes.set(peer, node);
    heedOffer(node, offer);
    node.bonded = isBonded(offer);
    shelves.put(peer, node.listings, node.bonded);
    // A key made anew with each start: whatever was wrong with the old process, this is another.
    if (before !== undefined && before.sessionKey !== offer.sessionKey)
      node.health = afterRestart(node.health);
    if (before === undefined) catalogue.changed();
    onRoom();
  });
  market.onGone((peer) => {
    const node = nodes.get(peer);
    if (node !== undefined) node.gone = true;
  });

  return {
    offerOf: (peer) => book.of(peer),
    signedOf: market.signedOf,
    opened(peer) {
      const node = nodes.get(peer);
      if (node !== undefined) node.running += 1;
    },
    closed(peer) {
      const node = nodes.get(peer);
      if (node !== undefined) node.running -= 1;
      if (node?.running === 0 && book.of(peer) === undefined) nodes.delete(peer);
      onRoom();
    },
    mayHedge: () => mayHedge(hedges),
    hedged() {
      hedges = afterHedge(hedges);
      hedgesMade += 1;
    },
    answered() {
      hedges = afterAnswer(hedges, limits.hedges);
    },
    learnt({ peer, outcome, since, seen }, { model, marks }) {
      const node = nodes.get(peer);
      const listing = node?.listings.find((each) => each.model === model.id);
      const now = clock.now();
      if (listing !== undefined) listing.pace = paceLearnt(listing.pace, seen, now);
      if (outcome === "rejected") liars.caught(peer, since, now, node?.bonded === true);
      if (outcome === "vouched") liars.vouched(peer, since);
      if (node === undefined || outcome === "unused") return;
      if (outcome === "completed" || outcome === "vouched") prefixes.learn(marks, peer);
      heedOutcome(node, outcome, since, now);
    },
    condemn(peer) {
      const now = clock.now();
      liars.caught(peer, now, now, nodes.get(peer)?.bonded === true);
    },
    prospectsOf(wanted, beside) {
      const known = drawn(wanted).filter(({ terms }) => !beside.includes(terms.peer));
      const domains = beside.flatMap((peer) => listingsOf(peer, wanted.model.id).map(({ domain }) => domain));
      return prospectsAmong(known, wanted, domains);
    },
    roomFor(wanted) {
      const now = clock.now();
      const known = drawn(wanted);
      // Who is in quarantine counts for nothing here, unless there is nobody else.
      const fit = known.filter(({ health }) => standingOf(health, now) !== "quarantined");
      const room = hasRoom(fit.length > 0 ? fit : known, 1 + wanted.witnesses);
      return room ? prospectsAmong(known, wanted) : undefined;
    },
    drawable: (wanted) =>
      drawn(wanted, limits.announcedMax)
        .filter(({ terms: { witness, sampled }, bonded }) => bonded && witness && sampled !== true)
        .flatMap(({ terms }) => book.of(terms.peer) ?? []),
    prospectsIn(peers, wanted) {
      const known = drawn(wanted, limits.announcedMax);
      const now = clock.now();
      return peers
        .flatMap((peer) => known.filter(({ terms }) => terms.peer === peer))
        .map((each) => prospectOf(each, now));
    },
    // A plain text is rarely gone on from.
    marksOf: (prompt, model) =>
      marksOf(prompt.kind === "chat" ? prompt.messages.map(wordsOf) : [], model, prefixKey),
    modelOf: (nameOrId) => models().find(({ id, name }) => id === nameOrId || name === nameOrId),
    models,
    status() {
      sweep();
      return { providers: book.standing().map(statusOf), hedges: hedgesMade };
    },
  };

  function models(): readonly ModelOnOffer[] {
    sweep();
    return catalogue.models();
  }

  /** Forgets whose offers are over, now and then: it looks at all of them. */
  function sweep(): void {
    if (clock.now() - sweptAt < limits.peersCheckMs) return;
    sweptAt = clock.now();
    for (const peer of book.expire(sweptAt)) {
      shelves.remove(peer);
      if (nodes.get(peer)?.running === 0) nodes.delete(peer);
      catalogue.changed();
    }
  }

  /** Bonds are made and withdrawn while an offer stands. */
  function onStake(peer: PeerId, bonded: boolean): void {
    const node = nodes.get(peer);
    if (node === undefined || node.bonded === bonded) return;
    node.bonded = bonded;
    shelves.put(peer, node.listings, bonded);
  }

  function prospectsAmong(
    known: readonly Drawn[],
    { model, witnesses }: Wanted,
    beside: ReadonlyArray<Listing["domain"]> = [],
  ): Prospect[] {
    const now = clock.now();
    const risky = chance() < ventureShare;
    const ventureAt = witnesses > 1 || risky ? witnesses : undefined;
    // Only beside another witness: a stranger's judgement decides nothing.
    const onStranger = witnesses > 1 && risky;
    const onLiar = witnesses > 0 && risky;
    const ventures = { ventureAt, onStranger, onLiar };
    const held = (index: number) => heldMost * known[index]!.held;
    const ranked = rank(known, now, { spread: chance, held, staked: model.staked, beside, ...ventures });
    return ranked.map((each) => prospectOf(each, now));
  }

  /**
   * Candidates for one decision: all there are in a small network, as many as are ever needed in a large one, and who
   * has read the prompt before.
   */
  function drawn({ model, marks, schema: mustFit }: Wanted, most: number = limits.candidatesMax): Drawn[] {
    sweep();
    const now = clock.now();
    const kind = vectorsKey(model);
    const held = prefixes.heldOf(marks);
    const readers = [...held.keys()].flatMap((peer) => (book.of(peer) ? listingsOf(peer, model.id) : []));
    const listings = shelves.draw(model.id, most, chance);
    return [...readers, ...listings.filter(({ peer }) => !held.has(peer))]
      .filter(({ contextTokens, schema }) => contextTokens >= model.contextTokens && (schema || !mustFit))
      .filter((listing) => vectorsKey(listing) === kind)
      .map((listing) => {
        const { peer } = listing;
        return candidateOf(listing, { held: held.get(peer) ?? 0, honesty: liars.of(peer) }, now);
      });
  }

  function listingsOf(peer: PeerId, model: ModelId): readonly Listing[] {
    return nodes.get(peer)?.listings.filter((listing) => listing.model === model) ?? [];
  }

  function isBonded({ address }: Offer): boolean {
    return chain.stakeOf(address) > 0n;
  }

  function statusOf({ peer, address, endpoints, models, slots, domain, expiresAt }: Offer) {
    const node = nodes.get(peer);
    const now = clock.now();
    const stands = node && standingOf(node.health, now);
    return {
      ...{ peer, address, endpoints, slots, domain },
      alive: node?.gone === false && stands !== "quarantined",
      trusted: node !== undefined && standingOf(liars.of(peer), now) === "good",
      models: models.map(({ id, name }) => ({ id, name })),
      stake: chain.stakeOf(address).toString(),
      // Of an engine of a kind that was never tried as it is usually run, so that whoever looks on knows.
      offer: { expiresAt, ...(models.some(({ unverified }) => unverified) ? { unverified: true } : {}) },
      running: node?.running ?? 0,
    };
  }
}

interface Drawn extends Candidate, Pick<Listing, "terms"> {
  /** What share of the prompt it has read before, 0 to 1. */
  readonly held: number;
  readonly past: Prospect["past"];
}

function prospectOf({ terms, past, health, bonded, running, slots }: Drawn, now: Ms): Prospect {
  return {
    ...{ ...terms, past, bonded, full: running >= slots },
    rested: standingOf(health, now) !== "quarantined",
  };
}

function candidateOf(
  listing: Listing,
  { held, honesty }: Pick<Drawn, "held"> & Required<Pick<Candidate, "honesty">>,
  now: Ms,
): Drawn {
  const { node, terms, pace, slots, price, domain } = listing;
  const { running, bonded, gone, health } = node;
  return {
    ...{ terms, past: pace.pace, slots, running, bonded, price, domain, held, honesty },
    latencyMs: firstContentMs(pace, now),
    // The control plane's word alone is a hint: it costs a place in the order, as a quarantine does.
    health: gone ? { ...health, quarantinedUntil: Number.POSITIVE_INFINITY } : health,
  };
}

/** Those in league who were drawn together once must not keep a conversation to its end. */
const heldMost = 0.75;

function wordsOf({ role, content }: ChatMessage): string {
  return `${role}\n${content}`;
}

/** In [0, 1). The bytes are asked for many at a time: one decision takes more than a hundred numbers. */
function chanceFrom(random: Random): () => number {
  let words: DataView = new DataView(new ArrayBuffer(0));
  let at = 0;
  return () => {
    if (at === words.byteLength) {
      const bytes = random.bytes(4 * limits.candidatesMax);
      words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      at = 0;
    }
    at += 4;
    return words.getUint32(at - 4) / 2 ** 32;
  };
}

/**
 * With a single witness, or none, one answer in this many is risked on a provider on probation. With more, a seat is
 * ventured in all, and in as many of them it is a stranger's: enough to know it when it is needed. One that lied may
 * speak in as many of those that are judged, when its time has come.
 */
const ventureShare = 0.25;
