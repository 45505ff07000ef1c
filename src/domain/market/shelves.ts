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
  /** Up to `count` different offers of a model by chance, bonded ones before others. `chance` is in [0, 1). */
  draw(model: ModelId, count: number, chance: () => number): Offer[];
}

export function createShelves<Offer extends Shelved>(isBonded: (offer: Offer) => boolean): Shelves<Offer> {
  const offers = new Map<PeerId, Offer>();
  const shelves = new Map<ModelId, { readonly bonded: Bag<PeerId>; readonly unbonded: Bag<PeerId> }>();

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
      const shelf = shelves.get(id) ?? { bonded: createBag<PeerId>(), unbonded: createBag<PeerId>() };
      shelves.set(id, shelf);
      (isBonded(offer) ? shelf.bonded : shelf.unbonded).add(offer.peer);
    }
  }

  return {
    put,
    remove,
    draw(model, count, chance) {
      const shelf = shelves.get(model);
      if (shelf === undefined) return [];
      const bonded = shelf.bonded.draw(count, chance);
      const drawn = [...bonded, ...shelf.unbonded.draw(count - bonded.length, chance)].map(
        (peer) => offers.get(peer)!,
      );
      // Bonds are made and withdrawn while an offer stands: whoever is drawn is put where it belongs by now.
      for (const offer of drawn) if (isBonded(offer) !== shelf.bonded.has(offer.peer)) put(offer);
      return drawn;
    },
  };
}

/** A set from which to draw by chance at a cost that does not depend on its size. */
interface Bag<Item> {
  add(item: Item): void;
  remove(item: Item): void;
  has(item: Item): boolean;
  size(): number;
  draw(count: number, chance: () => number): Item[];
}

function createBag<Item>(): Bag<Item> {
  const items: Item[] = [];
  const places = new Map<Item, number>();
  return {
    add(item) {
      if (places.has(item)) return;
      places.set(item, items.length);
      items.push(item);
    },
    remove(item) {
      const place = places.get(item);
      if (place === undefined) return;
      const last = items.pop()!;
      places.delete(item);
      if (last === item) return;
      items[place] = last;
      places.set(last, place);
    },
    has: (item) => places.has(item),
    size: () => items.length,
    draw(count, chance) {
      // The first steps of a shuffle (Fisher–Yates): the order within the bag means nothing, so it may stay changed.
      const drawn = Math.min(count, items.length);
      for (let place = 0; place < drawn; place++) {
        const other = place + Math.floor(chance() * (items.length - place));
        const [here, there] = [items[place]!, items[other]!];
        items[place] = there;
        items[other] = here;
        places.set(there, place).set(here, other);
      }
      return items.slice(0, drawn);
    },
  };
}
