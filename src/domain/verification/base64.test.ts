import fc from "fast-check";
import { expect, test } from "vitest";
import { fromBase64, toBase64 } from "./base64.ts";

test("bytes come back from their text, which is the platform's", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = toBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString("base64"));
      expect(fromBase64(text)).toEqual(bytes);
    }),
  );
});

test("text that no bytes have gives none", () => {
  for (const text of ["A", "AA", "AAA", "A===", "====", "AB==", "AAB=", "AA=A", "A A=", "AA-_", "AAAA\n"])
    expect(fromBase64(text), text).toBeUndefined();
});
