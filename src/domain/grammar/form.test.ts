import { expect, test } from "vitest";
import type { Chunk } from "../inference/chunk.ts";
import { type Form, formOf } from "./form.ts";

const limits = {
  ...{ schemaBytesMax: 4096, schemaDepthMax: 32, schemaPartsMax: 1000, schemaNamesMax: 100 },
  ...{ schemaWaysMax: 1024, schemaStackMax: 10_000, schemaStepsMax: 500_000, schemaByteStepsMax: 1000 },
};
const chunk = (text: string, end?: "stop" | "length"): Chunk => ({
  ...{ start: 0, ids: [1], text, signature: "" },
  ...(end === undefined ? {} : { end }),
});

function fitting(form: Form, chunks: readonly Chunk[]): boolean[] {
  return chunks.map((each, at) => form.fits(chunks[at - 1], each));
}

test("an answer fits its schema chunk by chunk, whole where it stops and as far as it goes where it was cut", () => {
  const form = formOf('{"type":"object"}', limits)!;
  expect(fitting(form, [chunk('{"a'), chunk('": "\u00e9'), chunk('"}', "stop")])).toEqual([true, true, true]);
  expect(fitting(form, [chunk('{"a'), chunk('": ', "length")])).toEqual([true, true]);
  expect(fitting(form, [chunk('{"a'), chunk('": ', "stop")])).toEqual([true, false]);
  expect(fitting(form, [chunk("Sure! {"), chunk("}", "stop")])).toEqual([false, false]);
  expect(formOf('{"type":"object"', limits)).toBeUndefined();
});

test("another chunk may come in the place of one that was dropped", () => {
  const form = formOf('{"type":"array","items":{"type":"integer"}}', limits)!;
  const first = chunk("[1, ");
  expect([form.fits(undefined, first), form.fits(first, chunk("2]", "stop"))]).toEqual([true, true]);
  expect([form.fits(first, chunk("x")), form.fits(first, chunk("3]", "stop"))]).toEqual([false, true]);
});

test.each([
  ["maxLength", '{"type":"string","maxLength":1000000}', "x"],
  ["minLength", '{"type":"string","minLength":1000000}', "\u00e9"],
  [
    "maxItems",
    '{"type":"array","items":{"type":"string","maxLength":9},"maxItems":900000}',
    '"a","\u00e9\\\\n",',
  ],
])(
  "a long answer is followed through a large %s, and what comes late and does not fit is seen",
  (_, schema, part) => {
    const form = formOf(schema, limits)!;
    const first = chunk(schema.includes("array") ? "[" : '"');
    const chunks = [first, ...Array.from({ length: 60 }, () => chunk(part.repeat(350 / part.length)))];
    expect(new Set(fitting(form, chunks))).toEqual(new Set([true]));
    expect(form.fits(chunks.at(-1), chunk("\n\n"))).toBe(false);
    // The first is of an era long gone by, and is gone on from all the same.
    expect([form.fits(first, chunk(part)), form.fits(first, chunk("\n\n"))]).toEqual([true, false]);
  },
);

test("no text can be nested so deep that what follows passes unchecked", () => {
  const form = formOf('{"type":"object"}', limits)!;
  const first = chunk('{"a":');
  const deep = chunk("[".repeat(1000));
  expect(fitting(form, [first, deep, chunk("[".repeat(100_000)), chunk("?!")])).toEqual([
    true,
    true,
    false,
    false,
  ]);
});
