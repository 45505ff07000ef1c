import { expect, test } from "vitest";
import type { Chunk } from "../inference/chunk.ts";
import { type Form, formOf } from "./form.ts";

const limits = { schemaBytesMax: 4096, schemaDepthMax: 32, schemaPartsMax: 1000, schemaNamesMax: 100 };
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
