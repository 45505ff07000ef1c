import type { ModelId, PeerId } from "../ids.ts";

/** What the rule needs of an offer. */
export interface Shelved {
  readonly peer: PeerId;
  readonly models: ReadonlyArray<{ readonly id: ModelId }>;
}

/**
 * Offers by model, those with something at stake apart from the others. A draw costs the same among ten as among ten
 * thousand, and any number of offers that cost their makers nothing cannot crowd out one that has a bond behind it.
 */
export interface Shelves<Offer extends Shelved> {
  /** Puts an offer up in place of its peer's last. */
  put(offer: Offer): void;
  remove(peer: PeerId): void;
  /**
   * Up to `count` different offers of a model by chance, bonded ones before others but for a few. `chance` is in [0, 1).
   */
  draw(model: ModelId, count: number, chance: () => number): Offer[];
}

export function createShelves<Offer extends Shelved>(isBonded: (offer: Offer) => boolean): Shelves<Offer> {
  const offers = new Map<PeerId, Offer>();
  const shelves = new Map<ModelId, { readonly bonded: Bag<Offer>; readonly unbonded: Bag<Offer> }>();

  function remove(peer: PeerId): void {
    for (const { id } of offers.get(peer)?.models ?? []) {
      const shelf = shelves.get(id);
      if (shelf === undefined) continue;
      shelf.bonded.remove(peer);
      shelf.unbonded.remove(peer);
      if (shelf.bonded.size() + shelf.unbonded.size() === 0) shelves.delete(id);
    }
    offers.delete(peer);
  }

  function put(offer: Offer): void {
    remove(offer.peer);
    offers.set(offer.peer, offer);
    for (const { id } of offer.models) {
      const shelf = shelves.get(id) ?? { bonded: createBag<Offer>(), unbonded: createBag<Offer>() };
      shelves.set(id, shelf);
      (isBonded(offer) ? shelf.bonded : shelf.unbonded).add(offer);
    }
  }

  return {
    put,
    remove,
    draw(model, count, chance) {
      const shelf = shelves.get(model);
      if (shelf === undefined) return [];
      const newcomers = Math.min(Math.floor(count * newcomersShare), shelf.unbonded.size());
      const bonded = shelf.bonded.draw(count - newcomers, chance);
      const unbonded = shelf.unbonded.draw(count - bonded.length, chance);
      // Bonds are made and withdrawn while an offer stands: whoever is drawn is put where it belongs by now.
      for (const offer of bonded) if (!isBonded(offer)) put(offer);
      for (const offer of unbonded) if (isBonded(offer)) put(offer);
      return [...bonded, ...unbonded];
    },
  };
}

/** Of a draw, kept for those without a stake: where many have one, nobody new would be seen otherwise. */
const newcomersShare = 1 / 16;

/** A set by peer from which to draw by chance at a cost that does not depend on its size. */
interface Bag<Item> {
  add(item: Item): void;
  remove(peer: PeerId): void;
  size(): number;
  draw(count: number, chance: () => number): Item[];
}

function createBag<Item extends { readonly peer: PeerId }>(): Bag<Item> {
  const items: Item[] = [];
  const places = new Map<PeerId, number>();
  return {
    add(item) {
      if (places.has(item.peer)) return;
      places.set(item.peer, items.length);
      items.push(item);
    },
    remove(peer) {
      const place = places.get(peer);
      if (place === undefined) return;
      const last = items.pop()!;
      places.delete(peer);
      if (last.peer === peer) return;
      items[place] = last;
      places.set(last.peer, place);
    },
    size: () => items.length,
    draw(count, chance) {
      // Robert Floyd's way: each place is equally likely, and what was not drawn is not touched.
      const drawn = new Set<number>();
      for (let most = items.length - Math.min(count, items.length); most < items.length; most++) {
        const place = Math.floor(chance() * (most + 1));
        drawn.add(drawn.has(place) ? most : place);
      }
      return [...drawn].map((place) => items[place]!);
    },
  };
}
