import { expect, test } from "vitest";
import { reckon } from "./economics.ts";
import type { Flags } from "./settings.ts";

test("it names the stake for each price, in proportion to the price", () => {
  const { prices, formula } = reckon({ prices: "1,10" });
  expect(formula.caught).toBeCloseTo(0.00865, 4);
  expect(prices.map(({ price }) => price)).toEqual([1, 10]);
  expect(prices[1]!.atOnce).toBeCloseTo(10 * prices[0]!.atOnce, 6);
  expect(prices[0]!.atTheEnd).toBeGreaterThan(prices[0]!.atOnce);
});

test("with trials it counts what the real draws do beside the formula", () => {
  const { drawn } = reckon({ trials: "500", auditShare: "50%", seed: "3" });
  expect(drawn?.counted.map(({ what }) => what)).toEqual(["audited", "caught", "colluders decide"]);
  expect(drawn?.counted[0]?.of).toBe(500);
});

test("what is no share, count or price is refused by name", () => {
  const bad: Flags[] = [
    { auditShare: "2" },
    { adversary: "x" },
    { witnesses: "-1" },
    { prices: "1,zero" },
    { answers: "0" },
  ];
  for (const flags of bad)
    expect(() => reckon(flags)).toThrow(expect.objectContaining({ code: "bad-option", fault: "user" }));
});
