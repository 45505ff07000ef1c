import { expect, test } from "vitest";
import type { ModelId, PeerId } from "../ids.ts";
import type { ChatMessage } from "../inference/spec.ts";
import { createPrefixes, marksOf } from "./prefixes.ts";

const model = "sha256:a" as ModelId;
const [a, b] = ["a" as PeerId, "b" as PeerId];
const key = new Uint8Array(32).fill(7);
const long = "word ".repeat(1_000);
const conversation = (...contents: string[]) =>
  marksOf(
    {
      kind: "chat",
      messages: contents.map<ChatMessage>((content, index) => ({
        ...{ role: index % 2 === 0 ? "user" : "assistant", content },
      })),
    },
    model,
    key,
  );

test("whoever read a conversation holds its share of the same conversation gone on, and of no other", () => {
  const prefixes = createPrefixes(10);
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
  const prefixes = createPrefixes(10);
  prefixes.learn(conversation("hello"), a);
  expect(prefixes.heldOf(conversation("hello", "hi", "go on")).get(a)).toBeLessThan(0.01);
});

test("another key or model makes other marks, and a plain text none", () => {
  const prompt = { kind: "chat", messages: [{ role: "user", content: "hello" }] } as const;
  const digests = [
    marksOf(prompt, model, key),
    marksOf(prompt, "sha256:b" as ModelId, key),
    marksOf(prompt, model, new Uint8Array(32)),
  ].map(([mark]) => mark?.digest);
  expect(new Set(digests).size).toBe(3);
  expect(marksOf({ kind: "text", text: long }, model, key)).toEqual([]);
});

test("of many conversations the one longest unread is forgotten, and of many readers the first", () => {
  const prefixes = createPrefixes(2);
  for (const content of ["one", "two", "one", "three"]) prefixes.learn(conversation(content), a);
  const holders = (content: string) => [...prefixes.heldOf(conversation(content)).keys()];
  expect(["one", "two", "three"].map((content) => holders(content).length)).toEqual([1, 0, 1]);
  for (const peer of ["b", "c", "d", "e", "f"]) prefixes.learn(conversation("one"), peer as PeerId);
  expect(holders("one").sort()).toEqual(["c", "d", "e", "f"]);
});
