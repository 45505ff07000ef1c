import type { PeerId } from "../../../domain/ids.ts";
import { type ModelOnOffer, modelsOnOffer } from "../../../domain/market/models.ts";
import type { Chain, Clock } from "../../../ports.ts";
import type { Offer } from "../../../protocol/offer.ts";

/** The models on offer, and who has a stake: what only a look at every offer tells. */
export interface Catalogue {
  models(): readonly ModelOnOffer[];
  /** Somebody came or went. */
  changed(): void;
}

export interface CataloguePorts {
  readonly chain: Chain;
  readonly clock: Clock;
  readonly standing: () => readonly Offer[];
  /** Each time, what the chain says of each. */
  readonly onStake: (peer: PeerId, isBonded: boolean) => void;
}

export function createCatalogue({ chain, clock, standing, onStake }: CataloguePorts): Catalogue {
  let models: readonly ModelOnOffer[] = [];
  let freshUntil = Number.NEGATIVE_INFINITY;
  let leastUntil = Number.NEGATIVE_INFINITY;

  function make(): void {
    const claims = standing().map(({ peer, models, address }) => {
      const stake = chain.stakeOf(address);
      onStake(peer, stake > 0n);
      return { models, stake };
    });
    models = modelsOnOffer(claims, (id) => chain.isRegistered(id));
    leastUntil = clock.now() + restMsPerOffer * Math.floor(claims.length / 100) * 100;
    freshUntil = leastUntil + staleMs;
  }

  return {
    models() {
      if (clock.now() >= freshUntil) make();
      return models;
    },
    changed() {
      freshUntil = leastUntil;
    },
  };
}

/** How old it may be, ms: stakes change slowly, and chains are asked no more often. */
const staleMs = 1_000;
/** …and longer the more there are to look at, so that it never takes a larger part of the time. Few are looked at at once. */
const restMsPerOffer = 1;
