import fc from "fast-check";
import { expect, test } from "vitest";
import { edgeSlack, margin, marginMax } from "./margin.ts";
import { type Candidate, choose } from "./sampler.ts";

const seed = "a7".repeat(32);
const lists = fc
  .uniqueArray(
    fc.record({
      id: fc.integer({ min: 0, max: 200_000 }),
      logit: fc.double({ min: -20, max: 20, noNaN: true }),
    }),
    { minLength: 1, maxLength: 64, selector: (candidate) => candidate.id },
  )
  .map(canonical);
const samplings = fc.record({
  temperature: fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 2, noNaN: true })),
  topP: fc.oneof(fc.constant(1), fc.double({ min: 0.01, max: 1, noNaN: true })),
  minP: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
  seed: fc.constant(seed),
});
const positions = fc.integer({ min: 0, max: 100_000 });

function canonical(list: readonly Candidate[]): Candidate[] {
  return [...list].sort((a, b) => b.logit - a.logit || a.id - b.id);
}

test("the token the judge would have chosen has margin 0", () => {
  fc.assert(
    fc.property(lists, samplings, positions, (candidates, sampling, position) => {
      const { id } = choose(candidates, sampling, position);
      expect(margin(candidates, { id }, sampling, position)).toBe(0);
    }),
  );
});

test("an honest speaker whose logits differ by up to half the slack stays below twice that difference", () => {
  const noises = fc.array(fc.double({ min: -edgeSlack / 2, max: edgeSlack / 2, noNaN: true }), {
    minLength: 64,
    maxLength: 64,
  });
  fc.assert(
    fc.property(lists, noises, samplings, positions, (candidates, noise, sampling, position) => {
      const spoken = canonical(candidates.map((c, i) => ({ id: c.id, logit: c.logit + noise[i]! })));
      const { id } = choose(spoken, sampling, position);
      expect(margin(candidates, { id }, sampling, position)).toBeLessThanOrEqual(edgeSlack + 1e-9);
    }),
    { numRuns: 1000 },
  );
});

test("at temperature 0 it is the distance to the largest logit", () => {
  const candidates = [
    { id: 1, logit: 5 },
    { id: 2, logit: 3.5 },
  ];
  const sampling = { temperature: 0, topP: 1, seed };
  expect(margin(candidates, { id: 2 }, sampling, 0)).toBe(1.5);
  expect(margin(candidates, { id: 7, logit: -2 }, sampling, 0)).toBe(7);
});

test("a token nobody gave a logit for, or far outside the nucleus, could not have been chosen", () => {
  const candidates = Array.from({ length: 64 }, (_, i) => ({ id: i, logit: 10 - i / 10 }));
  const sampling = { temperature: 0.7, topP: 0.5, seed };
  expect(margin(candidates, { id: 999 }, sampling, 3)).toBe(marginMax);
  expect(margin(candidates, { id: 999, logit: 3 }, sampling, 3)).toBe(marginMax);
  expect(margin(candidates, { id: 63 }, sampling, 3)).toBe(marginMax);
  expect(margin(candidates, { id: 999, logit: 3 }, { ...sampling, topP: 1 }, 3)).toBe(marginMax);
});

test("a token far below min_p could not have been chosen, one at its edge is not held against anybody", () => {
  const candidates = [0, 1, 2, 3, 4].map((below, id) => ({ id, logit: 10 - below }));
  const sampling = { temperature: 1, topP: 1, minP: Math.exp(-2), seed };
  expect(margin(candidates, { id: 4 }, sampling, 3)).toBe(marginMax);
  expect(margin(candidates, { id: 3 }, sampling, 3)).toBe(marginMax);
  expect(margin(candidates, { id: 2 }, sampling, 3)).toBeLessThan(marginMax);
});

test("a token just beyond the list is judged by its logit", () => {
  const candidates = Array.from({ length: 64 }, (_, i) => ({ id: i, logit: 10 - i / 1000 }));
  const found = margin(candidates, { id: 999, logit: 9.9 }, { temperature: 1, topP: 1, seed }, 3);
  expect(found).toBeLessThan(marginMax);
});

test("it grows with the claimed token's distance", () => {
  fc.assert(
    fc.property(
      lists,
      fc.double({ min: 0, max: 10, noNaN: true }),
      positions,
      (candidates, drop, position) => {
        const sampling = { temperature: 0.7, topP: 1, seed };
        const id = candidates[0]!.id;
        const lowered = canonical(candidates.map((c) => (c.id === id ? { id, logit: c.logit - drop } : c)));
        const before = margin(candidates, { id }, sampling, position);
        const after = margin(lowered, { id }, sampling, position);
        expect(after).toBeGreaterThanOrEqual(before - 1e-9);
      },
    ),
  );
});
