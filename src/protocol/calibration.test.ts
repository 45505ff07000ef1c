import { expect, test } from "vitest";
import { type CalibratedPair, tolerancesOf } from "./calibration.ts";

const tolerance = { distance: [{ from: 8, near: 0.1, far: 0.2 }], margin: [], marginMax: 1.2 };
const pair = (one: string, other: string): CalibratedPair => ({
  ...{ one, other, tolerance, fitted: 10 },
  tested: { answers: 10, convicted: 0, inconclusive: 0, convictedMost: 0.3 },
});

test("a pair has its bounds in either order, and no other pair has them", () => {
  const tolerances = tolerancesOf([
    pair("llama cpu-haswell kv=f16 fa=off", "llama cpu-haswell kv=f16 fa=on"),
  ]);
  expect(tolerances("llama cpu-haswell kv=f16 fa=on", "llama cpu-haswell kv=f16 fa=off")).toBe(tolerance);
  expect(tolerances("llama cpu-haswell kv=f16 fa=on", "llama cpu-haswell kv=f16 fa=on")).toBeUndefined();
});

test("pooled profiles fit where their parts do: other keys and values do not", () => {
  const pooled = "llama cpu-* kv=f16 fa=*";
  const tolerances = tolerancesOf([pair(pooled, pooled)]);
  expect(tolerances("llama cpu-zen4 kv=f16 fa=off", "llama cpu-sse42 kv=f16 fa=on")).toBe(tolerance);
  for (const stranger of [
    "llama cpu-zen4 kv=q4_0 fa=off",
    "llama cuda kv=f16 fa=on",
    "llama cpu-zen4 kv=f16",
  ])
    expect(tolerances("llama cpu-zen4 kv=f16 fa=off", stranger)).toBeUndefined();
});
