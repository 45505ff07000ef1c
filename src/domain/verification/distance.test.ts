import fc from "fast-check";
import { expect, test } from "vitest";
import { candidates, canonical, leaves } from "../../../test/rigs/leaves.ts";
import {
  distanceMax,
  fingerprintDistance,
  geometricMean,
  leafDistance,
  relativeDistance,
  relativeDistanceMax,
  relativeDistances,
} from "./distance.ts";
import { type Leaf, leafOf, leafStep } from "./leaf.ts";

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
  expect(relativeDistance(one, other)).toBe(relativeDistanceMax);
});

/** Eight logits, evenly spread over so many. */
const spread = (logits: number, off: number): Leaf => ({
  ids: [0, 1, 2, 3, 4, 5, 6, 7],
  steps: [0, 1, 2, 3, 4, 5, 6, 7].map((at) =>
    Math.round((logits * at) / 7 / leafStep + (at === 3 ? off / leafStep : 0)),
  ),
});

test("the same difference says less where logits are widely spread, and a wide list hides nothing", () => {
  const narrow = relativeDistance(spread(2, 0), spread(2, 0.2));
  const wide = relativeDistance(spread(20, 0), spread(20, 0.2));
  expect(narrow).toBeGreaterThan(1.5 * wide);
  const [honest, shown] = [spread(2, 0), { ...spread(2, 0.2), steps: [0, 1, 2, 3, 4, 5, 6, 9999] }];
  expect(relativeDistance(honest, shown)).toBeGreaterThan(narrow);
});

test("of two fingerprints as far apart on average, that with the larger single differences is further", () => {
  const calm = Array.from({ length: 8 }, () => spread(3, 0));
  const everywhere = calm.map(() => spread(3, 0.1));
  const inPlaces = calm.map((_, at) => spread(3, at % 4 === 0 ? 0.4 : 0));
  expect(fingerprintDistance(calm, inPlaces)).toBeGreaterThan(1.5 * fingerprintDistance(calm, everywhere));
  expect(fingerprintDistance([], [])).toBe(0);
  expect(() => fingerprintDistance(calm, [])).toThrow(RangeError);
});

test("what moves every position a little shows at most of them, what moves few of them far does not", () => {
  const calm = Array.from({ length: 48 }, (_, at) => spread(3, 0.05 * (at % 2)));
  const everywhere = calm.map((_, at) => spread(3, 0.05 * (at % 2) + 0.1));
  const inPlaces = calm.map((leaf, at) => (at % 12 === 0 ? spread(3, 0.4) : leaf));
  const usual = (a: readonly Leaf[], b: readonly Leaf[]) => geometricMean(relativeDistances(a, b));
  expect(usual(calm, everywhere)).toBeGreaterThan(2 * usual(calm, inPlaces));
  expect(fingerprintDistance(calm, everywhere)).toBeLessThan(fingerprintDistance(calm, inPlaces));
  expect(usual(calm, calm)).toBeGreaterThan(0);
});

test("a lie is as far as can be however widely its logits are spread", () => {
  const wide = { ids: [0, 1, 2, 3, 4, 5, 6, 7], steps: [0, 1, 2, 3, 4, 5, 6, 7].map((at) => 9_000 * at) };
  expect(relativeDistance(wide, { ...wide, ids: wide.ids.map((id) => id + 8) })).toBe(relativeDistanceMax);
});

test("one odd position of many says no more than its share", () => {
  const calm = Array.from({ length: 48 }, () => spread(3, 0));
  const odd = calm.map((leaf, at) =>
    at === 7 ? { ids: leaf.ids.map((id) => id + 8), steps: leaf.steps } : leaf,
  );
  expect(fingerprintDistance(calm, odd)).toBeCloseTo(relativeDistanceMax / Math.sqrt(48), 9);
});
