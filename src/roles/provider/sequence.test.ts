import { expect, test } from "vitest";
import { createDisk } from "../../../test/rigs/disk.ts";
import type { Clock } from "../../ports.ts";
import { createSequence } from "./sequence.ts";

const clock = { wall: () => 1_000 } as Clock;

test("no number is given twice, across restarts and a clock that was set back", () => {
  const store = createDisk();
  const given: number[] = [];
  for (const wall of [1_000, 500, 2_000]) {
    const sequence = createSequence({ store, clock: { ...clock, wall: () => wall } });
    for (let count = 0; count < 600; count += 1) given.push(sequence.next());
  }
  expect(new Set(given).size).toBe(given.length);
  expect(given).toEqual([...given].sort((a, b) => a - b));
});

test("with its disk lost a node goes on above what it gave before", () => {
  const before = createSequence({ store: createDisk(), clock }).next();
  expect(
    createSequence({ store: createDisk(), clock: { ...clock, wall: () => 5_000 } }).next(),
  ).toBeGreaterThan(before);
});
