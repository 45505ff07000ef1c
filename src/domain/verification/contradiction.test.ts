import { expect, test } from "vitest";
import { answerOf, leavesOf, type Part, proofOf, rulingRules } from "../../../test/rigs/committee.ts";
import { contradictionIn } from "./contradiction.ts";
import { referenceAmong } from "./reference.ts";
import { rule } from "./ruling.ts";

const tokens = 48;
const honest = (machine: number): Part => ({ leaves: leavesOf(tokens, { machine }) });
const other: Part = { leaves: leavesOf(tokens, { model: 2 }) };
const third: Part = { leaves: leavesOf(tokens, { model: 3 }) };

function contradictionOf(parts: readonly Part[]) {
  const proof = proofOf(answerOf(tokens), parts);
  const found = contradictionIn(rule(proof, rulingRules));
  const at = (node: string | undefined) => proof.openings.findIndex((opening) => opening.node === node);
  return found && [at(found.accused), at(found.accuser)];
}

test("an executor is accused by the first witness that stands against it, whichever of them is right", () => {
  expect(contradictionOf([other, honest(1), honest(2)])).toEqual([0, 1]);
  expect(contradictionOf([honest(1), honest(2), other])).toEqual([0, 2]);
  expect(contradictionOf([honest(1), { ...honest(2), verdict: "invalid" }, honest(3)])).toEqual([0, 1]);
  expect(contradictionOf([other, third, honest(1)])).toEqual([0, 1]);
});

test("where all agree nobody is accused, and bits that differ are no contradiction", () => {
  expect(contradictionOf([honest(1), honest(2), honest(3)])).toBeUndefined();
});

test("disputes are computed on the plain processor's profile that most have, and on no other", () => {
  const [haswell, zen] = ["haswell", "zen4"].map((cpu) => `engine@1 llama@1 cpu-${cpu} kv=f16 fa=off`);
  expect(referenceAmong([zen!, haswell!, haswell!])).toBe(haswell);
  expect(referenceAmong([zen!, haswell!])).toBe(haswell);
  const unfit = ["engine@1 llama@1 cuda kv=f16 fa=on", "engine@1 llama@1 cpu-zen4 kv=q8_0 fa=off", ""];
  expect(referenceAmong([...unfit, ...unfit, zen!])).toBe(zen);
  expect(referenceAmong(unfit)).toBeUndefined();
});
