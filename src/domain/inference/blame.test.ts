import { expect, test } from "vitest";
import { type Blamer, blamerBelieved } from "./blame.ts";

const amongOthers = { takers: 0, everybody: false };

/** Of the operators named, one letter each. */
function blaming(operators: string, more: Partial<Blamer> = {}): Blamer[] {
  const common = { code: "context-overflow", stranger: false, ...more } as const;
  return [...operators].map((operator) => ({ operator, ...common }));
}

test("three operators are believed, two or three of one are not", () => {
  expect(blamerBelieved(blaming("abc"), amongOthers)).toMatchObject({ code: "context-overflow" });
  expect(blamerBelieved(blaming("ab"), amongOthers)).toBeUndefined();
  expect(blamerBelieved(blaming("aabb"), amongOthers)).toBeUndefined();
});

test("those who say different things do not add up", () => {
  const mixed = [...blaming("ab"), ...blaming("cd", { code: "bad-request" })];
  expect(blamerBelieved(mixed, amongOthers)).toBeUndefined();
  const more = [...blaming("a"), ...blaming("bcd", { code: "bad-request" })];
  expect(blamerBelieved(more, amongOthers)).toMatchObject({ code: "bad-request" });
});

test("strangers have no voice, however many", () => {
  const strangers = blaming("uvwxyz", { stranger: true, code: "bad-request" });
  expect(blamerBelieved([...strangers, ...blaming("ab")], amongOthers)).toBeUndefined();
  expect(blamerBelieved([...strangers, ...blaming("abc")], amongOthers)).toMatchObject({ operator: "a" });
});

test("as many as took the request are not believed", () => {
  expect(blamerBelieved(blaming("abc"), { takers: 3, everybody: false })).toBeUndefined();
  expect(blamerBelieved(blaming("abcd"), { takers: 3, everybody: false })).toBeDefined();
});

test("a few are believed when everybody was asked, and nobody is when nobody blames", () => {
  const everybody = { takers: 0, everybody: true };
  expect(blamerBelieved(blaming("a"), everybody)).toBeDefined();
  expect(blamerBelieved([], everybody)).toBeUndefined();
});
