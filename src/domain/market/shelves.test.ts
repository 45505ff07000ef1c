import fc from "fast-check";
import { expect, test } from "vitest";
import type { ModelId, PeerId } from "../ids.ts";
import { createShelves } from "./shelves.ts";

const model = "sha256:a" as ModelId;
const offer = (peer: string, models = ["sha256:a"]) => ({
  peer: peer as PeerId,
  models: models.map((id) => ({ id: id as ModelId })),
});
const names = (drawn: readonly { peer: PeerId }[]) => drawn.map(({ peer }) => peer).sort();

test("bonded offers are drawn before any that have nothing at stake", () => {
  const shelves = createShelves(({ peer }) => peer.startsWith("bonded"));
  for (let index = 0; index < 500; index++) shelves.put(offer(`stranger${index}`));
  shelves.put(offer("bonded1"));
  shelves.put(offer("bonded2"));
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
  const shelves = createShelves(({ peer }) => peer.startsWith("bonded"));
  for (let index = 0; index < 500; index++) {
    shelves.put(offer(`stranger${index}`));
    shelves.put(offer(`bonded${index}`));
  }
  const drawn = names(shelves.draw(model, 64, () => 0.5));
  expect(drawn.filter((peer) => peer.startsWith("stranger"))).toHaveLength(4);
});

test("a bond made while an offer stands counts from the next draw on", () => {
  const bonded = new Set<string>();
  const shelves = createShelves(({ peer }) => bonded.has(peer));
  for (const peer of ["a", "b", "c"]) shelves.put(offer(peer));
  bonded.add("b");
  shelves.draw(model, 3, () => 0);
  expect(names(shelves.draw(model, 1, () => 0.99))).toEqual(["b"]);
});

test("a new offer of a peer replaces its last, whatever models it names", () => {
  const shelves = createShelves(() => true);
  shelves.put(offer("a"));
  shelves.put(offer("a", ["sha256:b"]));
  expect(shelves.draw(model, 9, () => 0)).toEqual([]);
  expect(names(shelves.draw("sha256:b" as ModelId, 9, () => 0))).toEqual(["a"]);
});

test("whatever is put and removed, a draw holds as many different standing offers as there are", () => {
  const change = fc.record({ peer: fc.nat(12), put: fc.boolean() });
  const chances = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), fc.nat(15), chances, (changes, count, chance) => {
      const shelves = createShelves<ReturnType<typeof offer>>(({ peer }) => Number(peer) % 2 === 0);
      const standing = new Set<string>();
      let draws = 0;
      for (const { peer, put } of changes) {
        if (put) shelves.put(offer(String(peer)));
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
