import fc from "fast-check";
import { expect, test } from "vitest";
import { agreedBlock, agreedValue, Ballot, quorum } from "./agreement.ts";

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

test("a value is taken from a majority of those that answer and from nobody less", () => {
  const answer = fc.oneof(fc.constant(1n), fc.constant(undefined), fc.bigInt({ min: 5n, max: 7n }));
  fc.assert(
    fc.property(fc.array(answer, { maxLength: 12 }), (answers) => {
      const count = (value: bigint) => answers.filter((one) => one === value).length;
      const expected = [1n, 5n, 6n, 7n].find((value) => 2 * count(value) > answers.length);
      expect(agreedValue(answers, quorum(answers.length))).toBe(expected);
    }),
  );
});

test("a ballot knows who was outvoted and what stayed open", () => {
  const ballot = new Ballot(3, 4);
  expect(ballot.decide([5n, 5n, 5n])).toBe(5n);
  expect(ballot.decide([true, true, false])).toBeUndefined();
  expect(ballot.decide([7n, 7n, 7n])).toBe(7n);
  expect([ballot.undecided, ballot.dissentsOf(2)]).toEqual([1, 0]);
  const three = new Ballot(3, 3);
  expect(three.decide([true, true, false])).toBe(true);
  expect([0, 1, 2].map((place) => three.dissentsOf(place))).toEqual([0, 0, 1]);
});

test("two endpoints that differ agree on nothing, and one alone is believed", () => {
  expect(agreedValue([1n, 2n], quorum(2))).toBeUndefined();
  expect(agreedValue([true], quorum(1))).toBe(true);
  expect(agreedValue([undefined, false], quorum(2))).toBeUndefined();
  expect(agreedBlock([])).toBeUndefined();
  expect(agreedBlock([7n, 9n])).toBe(7n);
});
