import fc from "fast-check";
import { expect, test } from "vitest";
import { judgeChunk, tolerances } from "./judge.ts";
import { verdictOf } from "./verdict.ts";

const margins = fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { maxLength: 200 });
const sizes = fc.array(fc.integer({ min: 1, max: 32 }), { minLength: 200, maxLength: 200 });

test("how an answer was cut into chunks makes no difference to where it is rejected", () => {
  fc.assert(
    fc.property(margins, sizes, (all, cuts) => {
      const whole = judgeChunk([], all).rejection;
      let before: readonly number[] = [];
      let first: typeof whole;
      let at = 0;
      for (const size of cuts) {
        if (at >= all.length || first !== undefined) break;
        const step = judgeChunk(before, all.slice(at, at + size));
        before = step.margins;
        first = step.rejection;
        at += size;
      }
      expect(first).toEqual(whole);
    }),
  );
});

test("one margin above the tolerance rejects that token", () => {
  const step = judgeChunk([0, 0], [0, tolerances.marginMax + 0.01, 0]);
  expect(step.rejection).toMatchObject({ at: 3, reason: "margin" });
  expect(step.margins).toHaveLength(5);
  expect(judgeChunk([0, 0], [0, tolerances.marginMax, 0]).rejection).toBeUndefined();
});

test("many small margins reject together, but not before there are enough of them", () => {
  const small = tolerances.meanMarginMax * 2;
  expect(judgeChunk([], Array(tolerances.meanMin - 1).fill(small)).rejection).toBeUndefined();
  expect(judgeChunk([], Array(tolerances.meanMin).fill(small)).rejection).toMatchObject({
    at: tolerances.meanMin - 1,
    reason: "mean-margin",
  });
});

test("after a long honest beginning a change is still seen", () => {
  const step = judgeChunk(Array(5000).fill(0), Array(64).fill(tolerances.meanMarginMax * 1.5));
  expect(step.rejection).toMatchObject({ reason: "mean-margin" });
});

test("one outvoted rejection does not condemn what follows it", () => {
  const before = [...Array(64).fill(0), 50];
  expect(judgeChunk(before, Array(64).fill(0)).rejection).toBeUndefined();
});

test("dropped positions are forgotten", () => {
  const rejected = judgeChunk([0, 0], [50]);
  expect(judgeChunk(rejected.margins.slice(0, 2), [0]).rejection).toBeUndefined();
});

test("a verdict needs every position accepted, and a majority to condemn", () => {
  expect(verdictOf({ positions: 9, judged: 0, accepted: 0, rejected: 0 })).toEqual({
    verdict: "inconclusive",
    basis: "none",
  });
  expect(verdictOf({ positions: 9, judged: 9, accepted: 9, rejected: 0 }).verdict).toBe("valid");
  expect(verdictOf({ positions: 9, judged: 8, accepted: 8, rejected: 0 }).verdict).toBe("inconclusive");
  expect(verdictOf({ positions: 9, judged: 9, accepted: 8, rejected: 0 }).verdict).toBe("inconclusive");
  expect(verdictOf({ positions: 9, judged: 9, accepted: 8, rejected: 1 }).verdict).toBe("invalid");
});
