import { expect, test } from "vitest";
import { readSchema } from "./json-schema.ts";
import type { Pattern } from "./pattern.ts";
import { createRestriction } from "./restriction.ts";
import type { Vocabulary } from "./vocabulary.ts";

const limits = {
  ...{ schemaBytesMax: 4096, schemaDepthMax: 32, schemaPartsMax: 1000, schemaNamesMax: 100 },
  ...{ schemaWaysMax: 1024, schemaStackMax: 10_000, schemaStepsMax: 500_000, schemaByteStepsMax: 1000 },
};
const end = 0;
const special = 1;
const pieces: ReadonlyArray<string | Uint8Array> = [
  ...["", "", "{", "}", '{"', '"a', '":', " ", "tr", "ue", "true", "false}", "}}", "\n"],
  ...[Uint8Array.of(0x22, 0xf0, 0x9f), Uint8Array.of(0x98, 0x80), Uint8Array.of(0x80), '"', "Sure"],
];
const bytes = pieces.map((piece) => (typeof piece === "string" ? new TextEncoder().encode(piece) : piece));
const vocabulary: Vocabulary = {
  bytesOf: (id) => bytes[id] ?? new Uint8Array(0),
  startingWith: (byte) => [...bytes.keys()].filter((id) => bytes[id]![0] === byte),
  ends: [end],
};

function restricted(schema: unknown) {
  const restriction = createRestriction(
    readSchema(JSON.stringify(schema), limits) as Pattern,
    vocabulary,
    limits,
  );
  const legal = (position: number) =>
    restriction.legal(position).map((id) => (id === end ? "end" : pieces[id]));
  const say = (position: number, piece: string | number) =>
    restriction.told(position, typeof piece === "number" ? piece : pieces.indexOf(piece));
  return { ...restriction, legal, say };
}

const flag = { type: "object", properties: { a: { type: "boolean" } }, required: ["a"] };

test("only tokens with which the answer can still fit are legal, and at its end only the end", () => {
  const { legal, say, isLegal } = restricted(flag);
  expect(legal(0)).toEqual(["{", '{"']);
  say(0, "{");
  expect(legal(1)).toEqual(['"a', " ", "\n", '"']);
  say(1, '"a');
  expect(legal(2)).toEqual(['":', '"']);
  say(2, '":');
  expect(legal(3)).toEqual([" ", "tr", "true", "false}", "\n"]);
  say(3, "tr");
  expect(legal(4)).toEqual(["ue"]);
  say(4, "ue");
  expect(legal(5)).toEqual(["}", " ", "\n"]);
  say(5, "}");
  expect(legal(6)).toEqual(["end"]);
  for (const id of [special, pieces.indexOf("}}"), 999, -1]) expect(isLegal(6, id)).toBe(false);
});

test("what was dropped is forgotten, and the next told from there on counts", () => {
  const { legal, say } = restricted(flag);
  for (const [at, piece] of ["{", '"a', '":', "false}"].entries()) say(at, piece);
  expect(legal(4)).toEqual(["end"]);
  say(2, '":');
  say(3, "true");
  expect(legal(4)).toEqual(["}", " ", "\n"]);
});

test("half of a character may be said, and then only its other half", () => {
  const { legal, say } = restricted({ type: "string" });
  say(0, 14);
  expect(legal(1)).toEqual([pieces[15], pieces[16]]);
  say(1, 15);
  expect(legal(2)).toContain('"');
  expect(legal(2)).not.toContain(pieces[15]);
});

test("after a token that was not legal nothing is held against those that follow", () => {
  const { isLegal, say } = restricted(flag);
  say(0, "Sure");
  expect(isLegal(1, end) && isLegal(1, pieces.indexOf("}}"))).toBe(true);
});

test("a counted string may be longer than can be remembered, and be gone on from anywhere", () => {
  const { legal, say } = restricted({ type: "string", maxLength: 20_000 });
  const sure = pieces.indexOf("Sure");
  say(0, pieces.indexOf('"'));
  const first = legal(1);
  for (let at = 1; at <= 5000; at += 1) say(at, sure);
  expect(legal(4999)).toEqual(first);
  expect(legal(5001)).toEqual(['"']);
  say(2, sure);
  expect(legal(3)).toEqual(first);
});
