import type { ModelId, PeerId } from "../ids.ts";

/** What the rule needs of what one node offers of one model. */
export interface Shelved {
  readonly peer: PeerId;
  readonly model: ModelId;
}

/**
 * What is on offer, by model, with those that have something at stake apart from the others. A draw costs the same
 * among ten as among ten thousand, and any number of offers that cost their makers nothing cannot crowd out one that
 * has a bond behind it.
 */
export interface Shelves<Item extends Shelved> {
  /** Puts up what this peer offers, in place of its last. */
  put(peer: PeerId, items: readonly Item[], bonded: boolean): void;
  remove(peer: PeerId): void;
  /** Up to `count` different ones of a model by chance, bonded ones before others but for a few. `chance` is in [0, 1). */
  draw(model: ModelId, count: number, chance: () => number): Item[];
}

export function createShelves<Item extends Shelved>(): Shelves<Item> {
  const items = new Map<PeerId, readonly Item[]>();
  const shelves = new Map<ModelId, { readonly bonded: Bag<Item>; readonly unbonded: Bag<Item> }>();

  function remove(peer: PeerId): void {
    for (const { model } of items.get(peer) ?? []) {
      const shelf = shelves.get(model);
      if (shelf === undefined) continue;
      shelf.bonded.remove(peer);
      shelf.unbonded.remove(peer);
      if (shelf.bonded.size() + shelf.unbonded.size() === 0) shelves.delete(model);
    }
    items.delete(peer);
  }

  return {
    remove,
    put(peer, offered, bonded) {
      remove(peer);
      items.set(peer, offered);
      for (const item of offered) {
        const shelf = shelves.get(item.model) ?? { bonded: createBag<Item>(), unbonded: createBag<Item>() };
        shelves.set(item.model, shelf);
        (bonded ? shelf.bonded : shelf.unbonded).add(item);
      }
    },
    draw(model, count, chance) {
      const shelf = shelves.get(model);
      if (shelf === undefined) return [];
      const newcomers = Math.min(Math.floor(count * newcomersShare), shelf.unbonded.size());
      const bonded = shelf.bonded.draw(count - newcomers, chance);
      return [...bonded, ...shelf.unbonded.draw(count - bonded.length, chance)];
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
