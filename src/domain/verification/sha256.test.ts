import { sha256 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryFor, sha256Of } from "./sha256.ts";

function hash(message: Uint8Array): Uint8Array {
  const memory = memoryFor(message.length);
  memory.set(message);
  return sha256Of(memory, message.length);
}

test("it is the library's SHA-256, whatever was hashed in the same memory before", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { minLength: 1, maxLength: 5 }), (messages) => {
      for (const message of messages) expect(hash(message)).toEqual(sha256(message));
    }),
  );
});

test("every length around the end of a block, and what is longer than the memory kept, comes out the same", () => {
  for (const length of [...Array(200).keys(), 1015, 1016, 65_527, 65_528, 100_000]) {
    const message = Uint8Array.from({ length }, (_, at) => 7 * at);
    expect(hash(message)).toEqual(sha256(message));
  }
});
