import { expect, test } from "vitest";
import { growthOf, watchMemory } from "./memory.ts";

/** One sample every 5 s for an hour. */
const hour = Array.from({ length: 720 }, (_, index) => index);
const steady = hour.map((index) => [index * 5_000, 100 + (index % 7)] as const);

test("memory that goes up and down is no leak", () => {
  const { perHour, interval } = growthOf("steady", steady)!;
  expect(Math.abs(perHour)).toBeLessThan(1);
  expect(interval[0]).toBeLessThan(0);
  expect(interval[1]).toBeGreaterThan(0);
});

test("a leak is seen through the noise, and how large it is", () => {
  const leaking = steady.map(([at, mb], index) => [at, mb + index / 72] as const);
  const { perHour, interval } = growthOf("leaking", leaking)!;
  expect(perHour).toBeCloseTo(10, 0);
  expect(interval[0]).toBeGreaterThan(8);
});

test("what fills up grows less in the later half, and a leak does not", () => {
  const filling = steady.map(([at, mb], index) => [at, mb + 20 * (1 - Math.exp(-index / 150))] as const);
  const [earlier, later] = growthOf("filling", filling)!.halves;
  expect(later).toBeLessThan(earlier / 3);
  const leaking = steady.map(([at, mb], index) => [at, mb + index / 72] as const);
  for (const half of growthOf("leaking", leaking)!.halves) expect(half).toBeCloseTo(10, -0.5);
});

test("too few samples tell nothing, and a process that is gone has none", () => {
  expect(growthOf("young", steady.slice(0, 5))).toBeUndefined();
  const watch = watchMemory([
    { name: "this", pid: process.pid },
    { name: "none", pid: 2 ** 30 },
  ]);
  for (let look = 0; look < 8; look += 1) watch.sample();
  expect(watch.growth().map(({ name, last }) => [name, last > 10])).toEqual([["this", true]]);
});
