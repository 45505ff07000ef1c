import { expect, test } from "vitest";
import { clopperPearson } from "./clopper-pearson.ts";

test.each([
  [0, 10_000, 0, 3.688e-4],
  [0, 3_000, 0, 1.229e-3],
  [20, 20, 0.83157, 1],
  [5, 20, 0.08657, 0.49105],
  [9_950, 10_000, 0.993415, 0.996286],
])("%i of %i lies between the bounds of the tables", (successes, trials, low, high) => {
  const [from, to] = clopperPearson(successes, trials);
  expect(from).toBeCloseTo(low, 4);
  expect(to).toBeCloseTo(high, 4);
});

test("of no trials nothing is known", () => expect(clopperPearson(0, 0)).toEqual([0, 1]));
