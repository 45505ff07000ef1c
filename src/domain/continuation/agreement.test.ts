import fc from "fast-check";
import { expect, test } from "vitest";
import { type Agreement, joined, left, mayAgree, newAgreement, tellsExactly, told } from "./agreement.ts";

function among(quorum: number, ...words: Array<readonly [id: number, text: string]>): Agreement {
  const ids = [...new Set(words.map(([id]) => id))];
  const start = ids.reduce(joined, newAgreement(quorum));
  return words.reduce((state, [id, text]) => told(state, id, text), start);
}

test("each prefix is agreed as soon as a quorum has told it, however it was cut", () => {
  expect(among(2, [1, "The quick "]).agreed).toBe("");
  expect(among(2, [1, "The quick "], [2, "The"]).agreed).toBe("The");
  expect(among(2, [1, "The quick "], [2, "The"], [2, " quick brown"]).agreed).toBe("The quick ");
  expect(among(3, [1, "The quick"], [2, "The quick"], [3, "The"]).agreed).toBe("The");
});

test("a third decides between two, also in the middle, and who differs counts no more", () => {
  const split = among(2, [1, "The fox"], [2, "The dog"]);
  expect(split.agreed).toBe("The ");
  expect(mayAgree(split, [1, 2])).toBe(false);
  expect(mayAgree(joined(split, 3), [1, 2, 3])).toBe(true);
  const decided = told(joined(split, 3), 3, "The dog");
  expect(decided.agreed).toBe("The dog");
  expect([1, 2, 3].filter((id) => tellsExactly(decided, id))).toEqual([2, 3]);
  expect(mayAgree(decided, [1, 2])).toBe(false);
  expect(told(decided, 1, " runs")).toBe(decided);
});

test("what was agreed stands when those who told it are gone", () => {
  const gone = left(left(among(2, [1, "The fox"], [2, "The fox"]), 1), 2);
  const again = [3, 4].reduce(joined, gone);
  expect(told(told(again, 3, "The dog"), 4, "The dog").agreed).toBe("The fox");
  expect(told(told(again, 3, "The fox runs"), 4, "The fox runs").agreed).toBe("The fox runs");
});

test("whatever is told in whatever order, what is agreed only grows and a quorum has told it", () => {
  const word = fc.tuple(fc.nat(4), fc.constantFrom("a", "ab", "b", "😀", "\ud83d", "\ude01"));
  fc.assert(
    fc.property(fc.array(word, { maxLength: 40 }), fc.integer({ min: 2, max: 4 }), (words, quorum) => {
      let state = [0, 1, 2, 3, 4].reduce(joined, newAgreement(quorum));
      const whole = ["", "", "", "", ""];
      for (const [id, text] of words) {
        const before = state.agreed;
        state = told(state, id, text);
        whole[id] += text;
        expect(state.agreed.startsWith(before)).toBe(true);
        const tellers = whole.filter((one) => one.startsWith(state.agreed));
        expect(tellers.length >= quorum || state.agreed === before).toBe(true);
      }
    }),
  );
});
