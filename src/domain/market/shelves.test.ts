import fc from "fast-check";
import { expect, test } from "vitest";
import type { ModelId, PeerId } from "../ids.ts";
import { createShelves, type Shelves } from "./shelves.ts";

const [model, another] = ["sha256:a" as ModelId, "sha256:b" as ModelId];
const offer = (peer: string, ...models: ModelId[]) =>
  (models.length === 0 ? [model] : models).map((each) => ({ peer: peer as PeerId, model: each }));
const names = (drawn: readonly { peer: PeerId }[]) => drawn.map(({ peer }) => peer).sort();
type Item = ReturnType<typeof offer>[number];

function put(shelves: Shelves<Item>, peer: string, ...models: ModelId[]): void {
  shelves.put(peer as PeerId, offer(peer, ...models), peer.startsWith("bonded"));
}

test("bonded offers are drawn before any that have nothing at stake", () => {
  const shelves = createShelves<Item>();
  for (let index = 0; index < 500; index++) put(shelves, `stranger${index}`);
  put(shelves, "bonded1");
  put(shelves, "bonded2");
  const drawn = shelves.draw(model, 10, () => 0.5);
  expect(drawn).toHaveLength(10);
  expect(
    drawn
      .slice(0, 2)
      .map(({ peer }) => peer)
      .sort(),
  ).toEqual(["bonded1", "bonded2"]);
});

test("a few of a large draw are kept for those that have nothing at stake", () => {
  const shelves = createShelves<Item>();
  for (let index = 0; index < 500; index++) {
    put(shelves, `stranger${index}`);
    put(shelves, `bonded${index}`);
  }
  const drawn = names(shelves.draw(model, 64, () => 0.5));
  expect(drawn.filter((peer) => peer.startsWith("stranger"))).toHaveLength(4);
});

test("a bond made while an offer stands counts when the offer is put up again", () => {
  const shelves = createShelves<Item>();
  for (const peer of ["a", "b", "c"]) put(shelves, peer);
  shelves.put("b" as PeerId, offer("b"), true);
  expect(names(shelves.draw(model, 1, () => 0.99))).toEqual(["b"]);
});

test("a new offer of a peer replaces its last, whatever models it names", () => {
  const shelves = createShelves<Item>();
  put(shelves, "a");
  put(shelves, "a", another);
  expect(shelves.draw(model, 9, () => 0)).toEqual([]);
  expect(names(shelves.draw(another, 9, () => 0))).toEqual(["a"]);
});

test("whatever is put and removed, a draw holds as many different standing offers as there are", () => {
  const change = fc.record({ peer: fc.nat(12), put: fc.boolean() });
  const chances = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), fc.nat(15), chances, (changes, count, chance) => {
      const shelves = createShelves<Item>();
      const standing = new Set<string>();
      let draws = 0;
      for (const { peer, put } of changes) {
        if (put) shelves.put(String(peer) as PeerId, offer(String(peer)), peer % 2 === 0);
        else shelves.remove(String(peer) as PeerId);
        if (put) standing.add(String(peer));
        else standing.delete(String(peer));
        const drawn = shelves.draw(model, count, () => chance[draws++ % chance.length]!);
        expect(new Set(names(drawn)).size).toBe(Math.min(count, standing.size));
        for (const { peer: one } of drawn) expect(standing.has(one)).toBe(true);
      }
    }),
  );
});
