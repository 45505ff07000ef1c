import { expect, test } from "vitest";
import { caughtShare, colludersDecide } from "../domain/verification/economics.ts";
import { simulateDetection } from "./detection.ts";

test("what the real draws catch is what the formula says, and colluders decide as often as theirs", () => {
  const stakes = { saving: 1, fee: 1, auditShare: 0.25, detection: 0.9, adversaryShare: 0.4, witnesses: 2 };
  const { answers, audited, caught, waved } = simulateDetection(stakes, 6000, 7);
  // Five standard deviations of a share p of n are 5 √(p (1 − p) / n).
  const isNear = (count: number, of: number, share: number) =>
    Math.abs(count / of - share) < 5 * Math.sqrt((share * (1 - share)) / of);
  expect(isNear(audited, answers, stakes.auditShare)).toBe(true);
  expect(isNear(caught, answers, caughtShare(stakes))).toBe(true);
  expect(isNear(waved, audited, colludersDecide(stakes))).toBe(true);
});
