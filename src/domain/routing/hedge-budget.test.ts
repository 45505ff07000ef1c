import { expect, test } from "vitest";
import { afterAnswer, afterHedge, type HedgeBudget, hedgesFull, mayHedge } from "./hedge-budget.ts";

const bounds = { perAnswer: 0.3, most: 4 };

test("over many answers there are no more hedges than their share, and what was saved up at the start", () => {
  let budget: HedgeBudget = hedgesFull(bounds);
  let hedges = 0;
  for (let answers = 0; answers < 1_000; answers++) {
    for (; mayHedge(budget); hedges++) budget = afterHedge(budget);
    budget = afterAnswer(budget, bounds);
  }
  expect(hedges).toBeLessThanOrEqual(4 + 0.3 * 1_000);
  expect(hedges).toBeGreaterThan(0.29 * 1_000);
});

test("without answers the hedges run out, and quiet times save up no more than the bound", () => {
  let budget: HedgeBudget = hedgesFull(bounds);
  for (let quiet = 0; quiet < 100; quiet++) budget = afterAnswer(budget, bounds);
  let hedges = 0;
  for (; mayHedge(budget); hedges++) budget = afterHedge(budget);
  expect(hedges).toBe(4);
});
