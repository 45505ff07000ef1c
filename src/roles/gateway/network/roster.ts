import type { ModelId, PeerId } from "../../../domain/ids.ts";
import type { Prospect } from "../../../domain/inference/state.ts";
import { createBook } from "../../../domain/market/book.ts";
import { type ModelOnOffer, modelsOnOffer } from "../../../domain/market/models.ts";
import {
  afterFailure,
  afterPause,
  afterSuccess,
  type Health,
  healthy,
  standing as standingOf,
} from "../../../domain/routing/health.ts";
import { type Known, rank } from "../../../domain/routing/rank.ts";
import { hasRoom } from "../../../domain/routing/seats.ts";
import type { Chain, Clock, Market, Random } from "../../../ports.ts";
import { limits } from "../../../protocol/limits.ts";
import type { Offer } from "../../../protocol/offer.ts";
import type { Roster } from "./run-job.ts";

export interface NetworkRoster extends Omit<Roster, "prospects"> {
  /** Those with a free seat, best first. */
  prospectsOf(model: ModelOnOffer, without: readonly PeerId[]): readonly Prospect[];
  hasRoomFor(model: ModelOnOffer, providers: number): boolean;
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
  const book = createBook<Offer>(limits);
  const healths = new Map<PeerId, Health>();
  const running = new Map<PeerId, number>();
  const gone = new Set<PeerId>();

  market.onOffer((offer) => {
    gone.delete(offer.peer);
    book.take(offer, clock.now(), clock.wall());
    onRoom();
  });
  market.onGone((peer) => {
    // Of peers without an offer nothing is kept: whoever comes and goes under ever new names would fill the memory.
    if (book.of(peer) !== undefined) gone.add(peer);
  });

  const standing = () => {
    for (const peer of book.expire(clock.now())) {
      gone.delete(peer);
      healths.delete(peer);
    }
    return book.standing();
  };
  const offersOf = (model: ModelOnOffer) =>
    standing().filter(({ models }) => models.some((each) => serves(each, model)));
  const models = () =>
    modelsOnOffer(
      standing().map((offer) => ({ models: offer.models, stake: chain.stakeOf(offer.address) })),
      (id) => chain.isRegistered(id),
    );
  const healthOf = (peer: PeerId) => healths.get(peer) ?? healthy;
  const chance = () => new DataView(random.bytes(4).buffer).getUint32(0) / 2 ** 32;

  return {
    offerOf: (peer) => book.of(peer),
    opened: (peer) => running.set(peer, (running.get(peer) ?? 0) + 1),
    closed(peer) {
      const left = (running.get(peer) ?? 1) - 1;
      if (left > 0) running.set(peer, left);
      else running.delete(peer);
      onRoom();
    },
    learnt({ peer, outcome, since }) {
      if (outcome === "unused" || book.of(peer) === undefined) return;
      const before = healthOf(peer);
      if (outcome === "busy") healths.set(peer, afterPause(before, clock.now(), limits.quarantine.least));
      else if (outcome === "completed") healths.set(peer, afterSuccess(before, since));
      else healths.set(peer, afterFailure(before, since, clock.now(), limits.quarantine));
    },
    prospectsOf(model, without) {
      const known = offersOf(model)
        .filter(({ peer }) => !without.includes(peer))
        .map((offer) => knownOf(offer, model.id))
        .filter(({ running, slots }) => running < slots);
      const now = clock.now();
      return rank(known, now, chance).map((each) => ({ ...each, rested: each.quarantinedUntil <= now }));
    },
    hasRoomFor(model, providers) {
      const now = clock.now();
      const known = offersOf(model).map((offer) => knownOf(offer, model.id));
      // Who is in quarantine counts for nothing here, unless there is nobody else.
      const fit = known.filter(({ quarantinedUntil }) => quarantinedUntil <= now);
      return hasRoom(fit.length > 0 ? fit : known, providers);
    },
    modelOf(nameOrId) {
      return models().find(({ id, name }) => id === nameOrId || name === nameOrId);
    },
    models,
    status: () => ({ providers: standing().map(statusOf) }),
  };

  function knownOf(offer: Offer, model: ModelId): Known {
    const { witness, resume } = offer.models.find(({ id }) => id === model)!;
    const { operator, region, build, hardware } = offer.domain;
    const { quarantinedUntil, incidents } = healthOf(offer.peer);
    return {
      ...{ peer: offer.peer, sessionKey: offer.sessionKey, witness, resume, slots: offer.slots },
      running: running.get(offer.peer) ?? 0,
      stake: chain.stakeOf(offer.address),
      // The control plane's word alone is a hint: it costs a place in the order, as a quarantine does.
      quarantinedUntil: gone.has(offer.peer) ? Number.POSITIVE_INFINITY : quarantinedUntil,
      score: 1 / (1 + incidents),
      domain: [`operator ${operator}`, `region ${region}`, `build ${build}`, `hardware ${hardware}`],
    };
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

function serves(claim: { id: ModelId; contextTokens: number }, model: ModelOnOffer): boolean {
  return claim.id === model.id && claim.contextTokens >= model.contextTokens;
}
