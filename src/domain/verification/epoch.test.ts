import fc from "fast-check";
import { expect, test } from "vitest";
import { epochBlockOf, epochsSince, nextEpochBlock } from "./epoch.ts";

test("every epoch since the one seen last is there once, in order, and no more of them than wanted", () => {
  const whole = fc.nat({ max: 5_000 });
  fc.assert(
    fc.property(whole, fc.nat({ max: 40 }), fc.integer({ min: 1, max: 50 }), (block, ahead, max) => {
      const seen = epochBlockOf(block);
      const all: number[] = [];
      for (let next = seen; all.length < ahead; all.push(next)) next = nextEpochBlock(next);
      expect(epochsSince(seen, all.at(-1) ?? seen, max)).toEqual(all.slice(-max));
    }),
  );
});

test("who has seen none, or a chain that has gone back, begins with the present epoch", () => {
  expect(epochsSince(undefined, 900, 10)).toEqual([900]);
  expect(epochsSince(1200, 900, 10)).toEqual([900]);
});
