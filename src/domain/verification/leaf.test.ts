import fc from "fast-check";
import { expect, test } from "vitest";
import { distanceMax, leafDistance, meanDistance } from "./distance.ts";
import { decodeLeaf, encodeLeaf, type Leaf, leafBytes, leafOf, leafStep, leafTokens } from "./leaf.ts";
import type { Candidate } from "./sampler.ts";

const candidates = fc
  .uniqueArray(
    fc.record({
      id: fc.integer({ min: 0, max: 0x7fffffff }),
      logit: fc.double({ min: -500, max: 500, noNaN: true }),
    }),
    { minLength: 1, maxLength: 64, selector: ({ id }) => id },
  )
  .map(canonical);
const leaves = candidates.map((list) => leafOf(list)!);

function canonical(list: readonly Candidate[]): Candidate[] {
  return [...list].sort((a, b) => b.logit - a.logit || a.id - b.id);
}

test("a leaf comes back from its bytes, and no other bytes give it", () => {
  fc.assert(
    fc.property(leaves, fc.nat(leafBytes - 1), fc.integer({ min: 1, max: 255 }), (leaf, at, change) => {
      const bytes = encodeLeaf(leaf);
      expect(bytes.length).toBe(leafBytes);
      expect(decodeLeaf(bytes)).toEqual(leaf);
      const other = bytes.map((byte, each) => (each === at ? byte ^ change : byte));
      expect(decodeLeaf(other)).not.toEqual(leaf);
    }),
  );
});

test("whatever bytes decode to a leaf are the bytes of that leaf", () => {
  const steps = fc.array(fc.constantFrom(0, 0, 1, 255), { minLength: leafBytes, maxLength: leafBytes });
  fc.assert(
    fc.property(
      fc.oneof(
        steps.map((all) => Uint8Array.from(all)),
        fc.uint8Array({ maxLength: 64 }),
      ),
      (bytes) => {
        const leaf = decodeLeaf(bytes);
        if (leaf !== undefined) expect(encodeLeaf(leaf)).toEqual(bytes);
      },
    ),
    { numRuns: 500 },
  );
});

test("logits that are no numbers and ids that are no tokens give no leaf", () => {
  for (const logit of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    expect(
      leafOf([
        { id: 1, logit: 2 },
        { id: 2, logit },
      ]),
    ).toBeUndefined();
  for (const id of [-1, 0.5, 2 ** 31, Number.NaN]) expect(leafOf([{ id, logit: 2 }])).toBeUndefined();
  expect(leafOf([])).toBeUndefined();
  expect(
    leafOf([
      { id: 1, logit: 2 },
      { id: 1, logit: 1 },
    ]),
  ).toBeUndefined();
  expect(
    leafOf([
      { id: 1, logit: 1 },
      { id: 2, logit: 2 },
    ]),
  ).toBeUndefined();
});

test("only differences of logits are in it, to half a step", () => {
  fc.assert(
    fc.property(candidates, fc.integer({ min: -100, max: 100 }), (list, shift) => {
      const leaf = leafOf(list)!;
      const shifted = leafOf(list.map(({ id, logit }) => ({ id, logit: logit + shift })))!;
      expect(leafDistance(leaf, shifted)).toBeLessThanOrEqual(leafStep);
      expect(leaf.ids).toEqual(list.slice(0, leafTokens).map(({ id }) => id));
    }),
  );
});

test("distance is 0 to oneself, the same both ways, and bounded", () => {
  fc.assert(
    fc.property(leaves, leaves, (a, b) => {
      expect(leafDistance(a, a)).toBe(0);
      expect(leafDistance(a, b)).toBeCloseTo(leafDistance(b, a), 9);
      expect(leafDistance(a, b)).toBeGreaterThanOrEqual(0);
      expect(leafDistance(a, b)).toBeLessThanOrEqual(distanceMax);
    }),
  );
});

test("logits that are off by a little make a distance that is not larger, whatever falls off the list's end", () => {
  const noise = fc.array(fc.double({ min: -0.05, max: 0.05, noNaN: true }), { minLength: 64, maxLength: 64 });
  fc.assert(
    fc.property(candidates, noise, (list, off) => {
      const noisy = canonical(list.map(({ id, logit }, at) => ({ id, logit: logit + off[at]! })));
      expect(leafDistance(leafOf(list)!, leafOf(noisy)!)).toBeLessThanOrEqual(0.2 + 4 * leafStep);
    }),
  );
});

test("leaving out what was likely is as far off as lying about it", () => {
  const list = [12, 11, 10, 6, 5, 4, 3, 2, 1, 0].map((logit, id) => ({ id, logit }));
  const honest = leafOf(list)!;
  const without = leafOf(list.filter(({ id }) => id !== 1))!;
  expect(leafDistance(honest, without)).toBeGreaterThan(0.8);
  const withoutLast = leafOf(list.filter(({ id }) => id !== 7))!;
  expect(leafDistance(honest, withoutLast)).toBeLessThan(0.15);
});

test("lists with no token in common are as far apart as can be", () => {
  const one: Leaf = { ids: [1, 2], steps: [0, 9] };
  const other: Leaf = { ids: [3, 4], steps: [0, 9] };
  expect(leafDistance(one, other)).toBe(distanceMax);
  expect(meanDistance([one, one], [other, one])).toBe(distanceMax / 2);
  expect(() => meanDistance([one], [])).toThrow(RangeError);
});
