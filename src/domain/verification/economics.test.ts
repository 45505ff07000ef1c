import fc from "fast-check";
import { expect, test } from "vitest";
import { answersUntilCaught, caughtShare, colludersDecide, stakeForMany, stakeForOne } from "./economics.ts";

const stakes = fc.record({
  saving: fc.double({ min: 0.001, max: 1, noNaN: true }),
  fee: fc.constant(1),
  auditShare: fc.double({ min: 0.001, max: 1, noNaN: true }),
  detection: fc.double({ min: 0.1, max: 1, noNaN: true }),
  adversaryShare: fc.double({ min: 0, max: 0.9, noNaN: true }),
  witnesses: fc.integer({ min: 1, max: 8 }),
});

test("the design's own example: one audit in a hundred, two witnesses, three in ten colluding", () => {
  const example = { saving: 1, fee: 1, auditShare: 0.01, detection: 0.95, adversaryShare: 0.3, witnesses: 2 };
  expect(caughtShare(example)).toBeCloseTo(0.0086, 4);
  expect(stakeForOne(example) + 2).toBeCloseTo(115.7, 0);
  expect(answersUntilCaught(example, 0.5)).toBeCloseTo(231.4, 0);
});

test("at the stake it names a cheat just breaks even, and every condition only raises it", () => {
  fc.assert(
    fc.property(stakes, fc.integer({ min: 1, max: 10_000 }), (each, answers) => {
      const caught = caughtShare(each);
      const stake = stakeForOne(each);
      expect(caught * (stake + each.fee + each.saving)).toBeGreaterThanOrEqual(each.saving * (1 - 1e-9));
      const many = stakeForMany(each, answers);
      expect(many).toBeGreaterThanOrEqual(stake);
      const all = 1 - (1 - caught) ** answers;
      expect(all * many).toBeGreaterThanOrEqual(answers * each.saving * (1 - 1e-9));
      expect(stakeForMany(each, answers + 1)).toBeGreaterThanOrEqual(many * (1 - 1e-9));
      expect(stakeForOne({ ...each, auditShare: each.auditShare / 2 })).toBeGreaterThanOrEqual(stake);
    }),
  );
});

test("with nobody looking no stake is enough", () => {
  const blind = { saving: 1, fee: 1, auditShare: 0, detection: 1, adversaryShare: 0, witnesses: 2 };
  expect(stakeForOne(blind)).toBe(Number.POSITIVE_INFINITY);
  expect(stakeForMany(blind, 100)).toBe(Number.POSITIVE_INFINITY);
});

test("colluders decide when they are a quorum: r² of two, and 4r³(1−r) + r⁴ of four", () => {
  const r = 0.3;
  expect(colludersDecide({ adversaryShare: r, witnesses: 1 })).toBeCloseTo(r, 9);
  expect(colludersDecide({ adversaryShare: r, witnesses: 2 })).toBeCloseTo(r ** 2, 9);
  expect(colludersDecide({ adversaryShare: r, witnesses: 4 })).toBeCloseTo(4 * r ** 3 * (1 - r) + r ** 4, 9);
});
