import { expect, test } from "vitest";
import { compareDetectors, everything, falseShareToday } from "./comparison.ts";

const sample = { seed: 1, speakers: 4 };
const bounds = { name: "none", least: 0, most: Number.POSITIVE_INFINITY };

test("what runs, given the false alarms it makes as it is set, is set to four mean deviations again", () => {
  const found = compareDetectors(sample, falseShareToday(sample, bounds), bounds);
  const ours = found.find(({ detector, speaking }) => detector === "RFC 6298" && speaking === everything);
  expect(ours?.times).toBeCloseTo(4, 1);
});

test("fewer false alarms cost every detector time", () => {
  const often = compareDetectors(sample, 1 / 100, bounds);
  const seldom = compareDetectors(sample, 1 / 1_000, bounds);
  for (const [at, { silenceMs }] of seldom.entries())
    expect(silenceMs.mean).toBeGreaterThanOrEqual(often[at]!.silenceMs.mean);
});
