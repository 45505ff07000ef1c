import { sha256 } from "@noble/hashes/sha2.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { keyedHash } from "./keyed-hash.ts";

const hex32 = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));
const u32 = fc.integer({ min: 0, max: 0x7fffffff });

test("it is SHA-256 of seed, position and id", () => {
  fc.assert(
    fc.property(hex32, u32, fc.array(u32, { minLength: 1, maxLength: 5 }), (seed, position, ids) => {
      const hash = keyedHash(seed, position);
      for (const id of ids) {
        const message = new Uint8Array(40);
        message.set(hexToBytes(seed));
        const view = new DataView(message.buffer);
        view.setUint32(32, position);
        view.setUint32(36, id);
        const digest = new DataView(sha256(message).buffer);
        expect(BigInt(hash.bits53(id))).toBe(digest.getBigUint64(0) >> 11n);
      }
    }),
  );
});
