import type { ModelId, PeerId } from "../../../domain/ids.ts";
import type { Prospect } from "../../../domain/inference/state.ts";
import { createBook } from "../../../domain/market/book.ts";
import { type ModelOnOffer, modelsOnOffer } from "../../../domain/market/models.ts";
import { createShelves } from "../../../domain/market/shelves.ts";
import { failureDomain } from "../../../domain/routing/failure-domain.ts";
import {
  afterFailure,
  afterPause,
  afterRestart,
  afterSuccess,
  type Health,
  healthy,
  standing as standingOf,
} from "../../../domain/routing/health.ts";
import { afterAnswer, afterHedge, hedgesFull, mayHedge } from "../../../domain/routing/hedge-budget.ts";
import { createPaces } from "../../../domain/routing/pace.ts";
import { type Candidate, rank } from "../../../domain/routing/rank.ts";
import { hasRoom } from "../../../domain/routing/seats.ts";
import type { Chain, Clock, Market, Random } from "../../../ports.ts";
import { limits } from "../../../protocol/limits.ts";
import type { Offer } from "../../../protocol/offer.ts";
import type { Roster } from "./run-job.ts";

export interface NetworkRoster extends Omit<Roster, "prospects"> {
  /** Best first, for an answer that wants this many witnesses. */
  prospectsOf(model: ModelOnOffer, witnesses: number, without: readonly PeerId[]): readonly Prospect[];
  /** The same, if there is room for such an answer to begin. */
  roomFor(model: ModelOnOffer, witnesses: number): readonly Prospect[] | undefined;
  /** By digest, or by the name most stake stands behind. */
  modelOf(nameOrId: string): ModelOnOffer | undefined;
  models(): readonly ModelOnOffer[];
  status(): Record<string, unknown>;
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
  const shelves = createShelves<Shelved>(isBonded);
  const healths = new Map<PeerId, Health>();
  const paces = createPaces();
  let hedges = hedgesFull(limits.hedges);
  let hedgesMade = 0;
  const running = new Map<PeerId, number>();
  const gone = new Set<PeerId>();
  const chance = chanceFrom(random);
  let catalogue: Catalogue | undefined;
  let sweptAt = clock.now();

  market.onOffer((offer) => {
    const before = book.of(offer.peer);
    if (book.take(offer, clock.now(), clock.wall()) !== "newer") return;
    shelves.put({ ...offer, parts: failureDomain(offer.domain, offer.endpoints) });
    gone.delete(offer.peer);
    // A key made anew with each start: whatever was wrong with the old process, this is another.
    const restarted = before !== undefined && before.sessionKey !== offer.sessionKey;
    if (restarted && healths.has(offer.peer)) healths.set(offer.peer, afterRestart(healthOf(offer.peer)));
    if (before === undefined && catalogue !== undefined) catalogue.changed = true;
    onRoom();
  });
  market.onGone((peer) => {
    // Of peers without an offer nothing is kept: whoever comes and goes under ever new names would fill the memory.
    if (book.of(peer) !== undefined) gone.add(peer);
  });

  return {
    offerOf: (peer) => book.of(peer),
    signedOf: market.signedOf,
    opened: (peer) => running.set(peer, (running.get(peer) ?? 0) + 1),
    closed(peer) {
      const left = (running.get(peer) ?? 1) - 1;
      if (left > 0) running.set(peer, left);
      else running.delete(peer);
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
    learnt({ peer, outcome, since, seen }, model) {
      if (book.of(peer) === undefined) return;
      paces.learn(peer, model, seen, clock.now());
      if (outcome === "unused") return;
      const before = healthOf(peer);
      const pause = outcome === "busy" || outcome === "late";
      if (pause) healths.set(peer, afterPause(before, clock.now(), limits.quarantine.least));
      else if (outcome === "completed") healths.set(peer, afterSuccess(before, since));
      else healths.set(peer, afterFailure(before, since, clock.now(), limits.quarantine));
    },
    prospectsOf: (model, witnesses, without) =>
      prospectsAmong(
        drawn(model).filter(({ offer }) => !without.includes(offer.peer)),
        model,
        witnesses,
      ),
    roomFor(model, witnesses) {
      const now = clock.now();
      const known = drawn(model);
      // Who is in quarantine counts for nothing here, unless there is nobody else.
      const fit = known.filter(({ health }) => standingOf(health, now) !== "quarantined");
      const room = hasRoom(fit.length > 0 ? fit : known, 1 + witnesses);
      return room ? prospectsAmong(known, model, witnesses) : undefined;
    },
    modelOf(nameOrId) {
      return models().find(({ id, name }) => id === nameOrId || name === nameOrId);
    },
    models,
    status() {
      sweep();
      return { providers: book.standing().map(statusOf), hedges: hedgesMade };
    },
  };

  function models(): readonly ModelOnOffer[] {
    sweep();
    if (catalogue !== undefined && clock.now() - catalogue.at < keptMs(catalogue)) return catalogue.models;
    const claims = book.standing().map(({ models, address }) => ({ models, stake: chain.stakeOf(address) }));
    const models = modelsOnOffer(claims, (id) => chain.isRegistered(id));
    catalogue = { models, offers: claims.length, at: clock.now(), changed: false };
    return models;
  }

  /** Forgets whose offers are over, now and then: it looks at all of them. */
  function sweep(): void {
    if (clock.now() - sweptAt < limits.peersCheckMs) return;
    sweptAt = clock.now();
    for (const peer of book.expire(sweptAt)) {
      shelves.remove(peer);
      gone.delete(peer);
      healths.delete(peer);
      paces.forget(peer);
      if (catalogue !== undefined) catalogue.changed = true;
    }
  }

  function prospectsAmong(known: readonly Drawn[], model: ModelOnOffer, witnesses: number): Prospect[] {
    const now = clock.now();
    const risky = chance() < ventureShare;
    const ventureAt = witnesses > 1 || risky ? witnesses : undefined;
    // Only beside another witness: a stranger's judgement decides nothing.
    const onStranger = witnesses > 1 && risky;
    const ranked = rank(known, now, { spread: chance, ventureAt, staked: model.staked, onStranger });
    return ranked.map(({ offer, serves, health, bonded, running, slots }) => ({
      ...{ peer: offer.peer, sessionKey: offer.sessionKey, witness: serves.witness, resume: serves.resume },
      ...{ rested: standingOf(health, now) !== "quarantined", full: running >= slots, bonded },
      ...{ operator: offer.domain.operator, past: paces.of(offer.peer, model.id) },
    }));
  }

  /** Candidates for one decision: all there are in a small network, as many as are ever needed in a large one. */
  function drawn(model: ModelOnOffer): Array<Drawn> {
    sweep();
    return shelves
      .draw(model.id, limits.candidatesMax, chance)
      .map((offer) => candidateOf(offer, model.id))
      .filter(({ serves }) => serves.contextTokens >= model.contextTokens);
  }

  function candidateOf(offer: Shelved, model: ModelId): Drawn {
    const serves = offer.models.find(({ id }) => id === model)!;
    const health = healthOf(offer.peer);
    return {
      ...{ offer, serves, slots: offer.slots, running: running.get(offer.peer) ?? 0 },
      latencyMs: paces.firstContentMs(offer.peer, model, clock.now()),
      bonded: isBonded(offer),
      price: Number(serves.priceIn) + Number(serves.priceOut),
      // The control plane's word alone is a hint: it costs a place in the order, as a quarantine does.
      health: gone.has(offer.peer) ? { ...health, quarantinedUntil: Number.POSITIVE_INFINITY } : health,
      domain: offer.parts,
    };
  }

  function healthOf(peer: PeerId): Health {
    return healths.get(peer) ?? healthy;
  }

  function isBonded({ address }: Offer): boolean {
    return chain.stakeOf(address) > 0n;
  }

  function statusOf({ peer, address, endpoints, models, slots, domain, expiresAt }: Offer) {
    return {
      ...{ peer, address, endpoints, slots, domain },
      alive: !gone.has(peer) && standingOf(healthOf(peer), clock.now()) !== "quarantined",
      models: models.map(({ id, name }) => ({ id, name })),
      stake: chain.stakeOf(address).toString(),
      offer: { expiresAt },
      running: running.get(peer) ?? 0,
    };
  }
}

/** An offer and the parts of its failure domain, which are the same in every decision. */
interface Shelved extends Offer {
  readonly parts: readonly string[];
}

interface Drawn extends Candidate {
  readonly offer: Shelved;
  readonly serves: Offer["models"][number];
}

interface Catalogue {
  readonly models: readonly ModelOnOffer[];
  /** How many it was made of, and when. */
  readonly offers: number;
  readonly at: number;
  /** Somebody came or went since. */
  changed: boolean;
}

/**
 * How old the list of models may be, ms: stakes change slowly, and making it looks at every offer. The more there are,
 * the longer, so that it never takes a larger part of the time.
 */
function keptMs({ offers, changed }: Catalogue): number {
  return (changed ? 0 : 1_000) + 100 * Math.floor(offers / 100);
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
 * ventured in all, and in as many of them it is a stranger's: enough to know it when it is needed.
 */
const ventureShare = 0.25;
