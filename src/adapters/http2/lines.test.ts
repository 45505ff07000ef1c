import fc from "fast-check";
import { expect, test } from "vitest";
import { createLineSplitter } from "./lines.ts";

function split(pieces: Buffer[], bytesMax = 1024): { lines: string[]; fault: string | undefined } {
  const splitter = createLineSplitter(bytesMax);
  const lines: string[] = [];
  for (const piece of pieces) {
    const fault = splitter.push(piece, (text) => lines.push(text));
    if (fault !== undefined) return { lines, fault };
  }
  return { lines, fault: undefined };
}

test("lines come out whole wherever their bytes were cut", () => {
  const text = fc
    .string({ unit: "binary", maxLength: 40 })
    .map((s) => s.toWellFormed().replaceAll("\n", " "));
  fc.assert(
    fc.property(
      fc.array(text, { maxLength: 20 }),
      fc.array(fc.nat(200), { maxLength: 30 }),
      (texts, cuts) => {
        const bytes = Buffer.from(texts.map((t) => `${t}\n`).join(""));
        const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].sort(
          (a, b) => a - b,
        );
        const pieces = places.slice(1).map((end, i) => bytes.subarray(places[i], end));
        expect(split(pieces)).toEqual({ lines: texts, fault: undefined });
      },
    ),
  );
});

test("any bytes at all either split or are refused, and never throw", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
      const { lines } = split(chunks.map(Buffer.from), 100);
      for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(100);
    }),
  );
});

test("a line of exactly the limit passes and one byte more is refused, ended or not", () => {
  expect(split([Buffer.from(`${"x".repeat(8)}\n`)], 8).lines).toEqual(["x".repeat(8)]);
  expect(split([Buffer.from(`${"x".repeat(9)}\n`)], 8).fault).toContain("longer than 8");
  expect(split([Buffer.from("xxxxx"), Buffer.from("xxxx")], 8).fault).toContain("longer than 8");
});

test("half a character is refused, a character cut in transit is not", () => {
  const euro = Buffer.from("€\n");
  expect(split([euro.subarray(0, 1), euro.subarray(1)]).lines).toEqual(["€"]);
  expect(split([Buffer.from([0xe2, 0x82, 0x0a])]).fault).toContain("UTF-8");
});
