import { expect, test } from "vitest";
import { firstAgreement } from "./agreement.ts";

test("two equal answers agree, whoever comes between", () => {
  expect(firstAgreement([])).toBeUndefined();
  expect(firstAgreement(["a"])).toBeUndefined();
  expect(firstAgreement(["a", "b"])).toBeUndefined();
  expect(firstAgreement(["a", "b", "a"])).toEqual([0, 2]);
  expect(firstAgreement(["a", "b", "b", "a"])).toEqual([1, 2]);
});
