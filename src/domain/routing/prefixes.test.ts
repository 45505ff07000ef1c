import { expect, test } from "vitest";
import { createPrefixes, marksOf } from "./prefixes.ts";

const model = "sha256:a";
const [a, b] = ["a", "b"];
const key = new Uint8Array(32).fill(7);
const long = "word ".repeat(1_000);
const conversation = (...messages: string[]) => marksOf(messages, model, key);

test("whoever read a conversation holds its share of the same conversation gone on, and of no other", () => {
  const prefixes = createPrefixes<string>(10);
  prefixes.learn(conversation(long), a);
  expect(prefixes.heldOf(conversation(long, long, long, long)).get(a)).toBeCloseTo(1 / 4);
  expect(prefixes.heldOf(conversation(`${long}!`, long))).toEqual(new Map());
  prefixes.learn(conversation(long, long, long), b);
  expect(prefixes.heldOf(conversation(long, long, long, long))).toEqual(
    new Map([
      [a, 1 / 4],
      [b, 3 / 4],
    ]),
  );
});

test("what is short is worth little", () => {
  const prefixes = createPrefixes<string>(10);
  prefixes.learn(conversation("hello"), a);
  expect(prefixes.heldOf(conversation("hello", "hi", "go on")).get(a)).toBeLessThan(0.01);
});

test("another key or model makes other marks", () => {
  const digests = [
    marksOf(["hello"], model, key),
    marksOf(["hello"], "sha256:b", key),
    marksOf(["hello"], model, new Uint8Array(32)),
  ].map(([mark]) => mark?.digest);
  expect(new Set(digests).size).toBe(3);
});

test("of many conversations the one longest unread is forgotten, and of many readers the first", () => {
  const prefixes = createPrefixes<string>(2);
  for (const content of ["one", "two", "one", "three"]) prefixes.learn(conversation(content), a);
  const holders = (content: string) => [...prefixes.heldOf(conversation(content)).keys()];
  expect(["one", "two", "three"].map((content) => holders(content).length)).toEqual([1, 0, 1]);
  for (const peer of ["b", "c", "d", "e", "f"]) prefixes.learn(conversation("one"), peer);
  expect(holders("one").sort()).toEqual(["c", "d", "e", "f"]);
});
