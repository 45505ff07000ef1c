import fc from "fast-check";
import { expect, test } from "vitest";
import { answerOf, leavesOf } from "../../test/rigs/committee.ts";
import type { Address, SessionKey } from "../domain/ids.ts";
import { sealTestimony } from "../domain/verification/committee.ts";
import { readSealed, writeSealed } from "./sealed.ts";

const node = `0x${"0a".repeat(20)}` as Address;
const testimony = { salt: "5a".repeat(32), root: "0f".repeat(32), verdict: "valid" } as const;

test("what a node sealed comes back from its disk leaf for leaf, and is the same envelope", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 80 }), fc.nat(5), (tokens, machine) => {
      const answer = answerOf(tokens);
      const leaves = leavesOf(tokens, { machine });
      const sealed = sealTestimony(answer, node, testimony);
      const kept = {
        committed: { at: 5, answer, testimony, sealed, leaves },
        ...{ sessionKey: "cd".repeat(32) as SessionKey, profile: "cpu", at: 7 },
      };
      const back = readSealed(writeSealed(kept), node);
      expect(back).toEqual({ ...kept, committed: { ...kept.committed, at: Number.NEGATIVE_INFINITY } });
    }),
    { numRuns: 30 },
  );
});

test("what was cut short, or is none, is nothing", () => {
  const leaves = leavesOf(3);
  const committed = { at: 0, answer: answerOf(4), testimony, sealed: "00".repeat(32), leaves };
  const short = writeSealed({
    committed,
    sessionKey: "cd".repeat(32) as SessionKey,
    profile: "cpu",
    at: 7,
  });
  expect(readSealed(short, node)).toBeUndefined();
  for (const text of ["{}", "{", ""]) expect(readSealed(text, node)).toBeUndefined();
});
