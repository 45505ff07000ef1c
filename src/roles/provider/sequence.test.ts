import { expect, test } from "vitest";
import type { Clock, Store } from "../../ports.ts";
import { createSequence } from "./sequence.ts";

function disk(): Store {
  const facts = new Map<string, string>();
  return {
    get: (key) => facts.get(key),
    put: (key, value) => void facts.set(key, value),
    entries: () => [],
    delete: () => {},
    close: () => {},
  };
}
const clock = { wall: () => 1_000 } as Clock;

test("no number is given twice, across restarts and a clock that was set back", () => {
  const store = disk();
  const given: number[] = [];
  for (const wall of [1_000, 500, 2_000]) {
    const sequence = createSequence({ store, clock: { ...clock, wall: () => wall } });
    for (let count = 0; count < 600; count += 1) given.push(sequence.next());
  }
  expect(new Set(given).size).toBe(given.length);
  expect(given).toEqual([...given].sort((a, b) => a - b));
});

test("with its disk lost a node goes on above what it gave before", () => {
  const before = createSequence({ store: disk(), clock }).next();
  expect(createSequence({ store: disk(), clock: { ...clock, wall: () => 5_000 } }).next()).toBeGreaterThan(
    before,
  );
});
