import fc from "fast-check";
import { expect, test } from "vitest";
import { lateAfter, rhythmAfter, rhythmJoined, rhythmUnknown } from "./rhythm.ts";

const rhythmOf = (...intervals: number[]) => intervals.reduce(rhythmAfter, rhythmUnknown);

test("of nothing heard nothing is late", () => {
  expect(lateAfter(rhythmUnknown)).toBe(Number.POSITIVE_INFINITY);
});

test("one more interval counts the same whether it was heard in this job or in another", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1_000), { minLength: 1, maxLength: 20 }), fc.nat(1_000), (before, last) => {
      const joined = rhythmJoined(rhythmOf(...before), rhythmOf(last));
      const heard = rhythmOf(...before, last);
      expect(joined.intervalMs).toBeCloseTo(heard.intervalMs);
      expect(joined.deviationMs).toBeCloseTo(heard.deviationMs);
      expect(joined.heard).toBe(heard.heard);
    }),
  );
});

test("a node that has become slow is soon expected to be, one that is regular is late early", () => {
  const regular = rhythmOf(...Array(50).fill(100));
  expect(lateAfter(regular)).toBeLessThan(101);
  const slowed = rhythmJoined(regular, rhythmOf(...Array(20).fill(400)));
  expect(slowed.intervalMs).toBeGreaterThan(350);
});
