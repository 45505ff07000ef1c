import fc from "fast-check";
import { expect, test } from "vitest";
import { agreedBlock, agreedValue, quorum } from "./agreement.ts";

test("the block to read at lies between honest claims, whatever a minority says", () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: 100n, max: 110n }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.bigInt({ min: 0n, max: 1n << 64n }), { maxLength: 7 }),
      (honest, lying) => {
        fc.pre(lying.length < honest.length);
        const block = agreedBlock([...honest, ...lying]);
        expect(block).toBeGreaterThanOrEqual(100n);
        expect(block).toBeLessThanOrEqual(110n);
      },
    ),
  );
});

test("a value is taken from a majority and from nobody less", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.option(fc.bigInt({ min: 5n, max: 20n }), { nil: undefined }), { maxLength: 8 }),
      (honest, others) => {
        const answers = fc.sample(
          fc.shuffledSubarray([...Array(honest).fill(1n), ...others], { minLength: honest + others.length }),
          1,
        )[0];
        const agreed = agreedValue(answers as (bigint | undefined)[], quorum(honest + others.length));
        if (honest > others.length) expect(agreed).toBe(1n);
        else
          expect(answers).toEqual(
            agreed === undefined ? expect.anything() : expect.arrayContaining([agreed]),
          );
      },
    ),
  );
});

test("two endpoints that differ agree on nothing, and one alone is believed", () => {
  expect(agreedValue([1n, 2n], quorum(2))).toBeUndefined();
  expect(agreedValue([true], quorum(1))).toBe(true);
  expect(agreedValue([undefined, false], quorum(2))).toBeUndefined();
  expect(agreedBlock([])).toBeUndefined();
  expect(agreedBlock([7n, 9n])).toBe(7n);
});
