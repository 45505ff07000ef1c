import { expect, test } from "vitest";
import { recoveryOf } from "./recovery.ts";

/** One word every ten milliseconds within each of these spans, ms. */
const said = (...spans: ReadonlyArray<readonly [from: number, until: number]>) =>
  spans.flatMap(([from, until]) =>
    Array.from({ length: (until - from) / 10 }, (_, index) => ({ at: from + index * 10, words: 1 })),
  );

test("who goes on as before has recovered at once", () => {
  expect(recoveryOf(said([0, 9_000]), 4_000, 1)).toBe(0);
});

test("after a silence recovery is when the first good half second begins, of which a tenth may lack", () => {
  expect(recoveryOf(said([0, 4_000], [5_000, 9_000]), 4_000, 1)).toBe(950);
});

test("where fewer can say less, less is wanted of them", () => {
  const half = said([0, 9_000]).filter(({ at }) => at < 4_000 || at % 20 === 0);
  expect([recoveryOf(half, 4_000, 1), recoveryOf(half, 4_000, 0.5)]).toEqual([undefined, 0]);
});

test("who had said nothing, or says nothing any more, has not recovered", () => {
  expect(recoveryOf(said([4_000, 9_000]), 4_000, 1)).toBeUndefined();
  expect(recoveryOf(said([0, 4_000]), 4_000, 1)).toBeUndefined();
});

test("what was said since the first word is the measure where that was shortly before", () => {
  expect(recoveryOf(said([3_500, 9_000]), 4_000, 1)).toBe(0);
  expect(recoveryOf(said([3_500, 4_000], [6_000, 9_000]), 4_000, 1)).toBe(1_950);
});
