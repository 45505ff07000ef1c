/**
 * SHA-256 of many short messages (FIPS 180-4, §6.2). The general library makes ten objects for each and takes 3–4 µs,
 * of which hashing is one; an answer's proof takes a thousand of them, and the sampler one for every token it weighs.
 * A test compares it with the library.
 */

/** Hashes the message of this length that was written to the front of `memoryFor(length)`. */
export function sha256Of(memory: Uint8Array, length: number): Uint8Array {
  const end = paddedBytes(length);
  memory.fill(0, length, end);
  memory[length] = 0x80;
  const bits = length * 8;
  for (let place = 0, rest = bits; place < 8; place += 1, rest = Math.floor(rest / 256))
    memory[end - 1 - place] = rest % 256;
  state.set(initial);
  for (let block = 0; block < end; block += 64) {
    for (let word = 0, at = block; word < 16; word += 1, at += 4) {
      words[word] = (memory[at]! << 24) | (memory[at + 1]! << 16) | (memory[at + 2]! << 8) | memory[at + 3]!;
    }
    compress(state, words);
  }
  const hash = new Uint8Array(32);
  for (let word = 0; word < 8; word += 1) {
    const value = state[word]!;
    hash[4 * word] = value >>> 24;
    hash[4 * word + 1] = value >>> 16;
    hash[4 * word + 2] = value >>> 8;
    hash[4 * word + 3] = value;
  }
  return hash;
}

/** Where a message of this length is written before it is hashed: one piece of memory for all, made larger by need. */
export function memoryFor(length: number): Uint8Array {
  const needed = paddedBytes(length);
  if (needed <= shared.length) return shared;
  // What is rare and long is not kept.
  if (needed > sharedBytesMax) return new Uint8Array(needed);
  shared = new Uint8Array(Math.min(sharedBytesMax, 2 * needed));
  return shared;
}

const sharedBytesMax = 64 * 1024;
let shared: Uint8Array = new Uint8Array(1024);

/** The message, a one, its length in 8 bytes, and what is missing to whole blocks. */
function paddedBytes(length: number): number {
  return 64 * Math.ceil((length + 9) / 64);
}

/** First 32 bits of the fractional parts of the square roots of the first 8 primes: the state before any block. */
export const initial = Int32Array.of(
  ...[0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19],
);

const state = new Int32Array(8);
const words = new Int32Array(64);

/** Takes one block, in the first 16 words of `w`, into `into`; the others of the 64 are working room. */
export function compress(into: Int32Array, w: Int32Array): void {
  for (let i = 16; i < 64; i += 1) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = w[i - 16]! + s0 + w[i - 7]! + s1;
  }
  let a = into[0]!;
  let b = into[1]!;
  let c = into[2]!;
  let d = into[3]!;
  let e = into[4]!;
  let f = into[5]!;
  let g = into[6]!;
  let h = into[7]!;
  for (let i = 0; i < 64; i += 1) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + constants[i]! + w[i]!) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  into[0]! += a;
  into[1]! += b;
  into[2]! += c;
  into[3]! += d;
  into[4]! += e;
  into[5]! += f;
  into[6]! += g;
  into[7]! += h;
}

/** First 32 bits of the fractional parts of the cube roots of the first 64 primes. */
const constants = Int32Array.of(
  ...[0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5],
  ...[0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174],
  ...[0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da],
  ...[0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967],
  ...[0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85],
  ...[0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070],
  ...[0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3],
  ...[0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2],
);
