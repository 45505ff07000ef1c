import { compress, initial } from "./sha256.ts";

/**
 * SHA-256(seed ‖ position ‖ id) for many ids of one position: 40 bytes, so one block of SHA-256 each. The general
 * library takes 135 µs for 64 of them, this 35 µs, and the sampler does it for every token that is spoken or judged.
 * A test compares it with the library.
 */
export interface KeyedHash {
  /** First 53 bits of the digest, as an integer. */
  bits53(id: number): number;
}

/** `seed`: 64 hex digits. `position` and `id` enter as u32, big-endian like everything in SHA-256. */
export function keyedHash(seed: string, position: number): KeyedHash {
  const key = new Int32Array(9);
  for (let i = 0; i < 8; i += 1) key[i] = Number.parseInt(seed.slice(8 * i, 8 * i + 8), 16);
  key[8] = position;
  return {
    bits53(id) {
      words.set(key);
      words[9] = id;
      words[10] = 0x80000000; // end of the message
      words.fill(0, 11, 15);
      words[15] = 320; // its length in bits
      state.set(initial);
      compress(state, words);
      return (state[0]! >>> 0) * 0x200000 + (state[1]! >>> 11);
    },
  };
}

/** Of one hash at a time: nothing waits in between. */
const words = new Int32Array(64);
const state = new Int32Array(8);
