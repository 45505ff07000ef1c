import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

/** What can be hashed: bytes as they are, text as UTF-8, a number as u32 big-endian. */
export type Part = Uint8Array | string | number;

/**
 * The one way things of a proof are hashed:
 *
 *   SHA-256("holdfast " ‖ name ‖ " 1\n" ‖ for each part: its length as u32 big-endian ‖ its bytes)
 *
 * The name says what is hashed, so that bytes of one kind never pass for another (a leaf for a node of its tree, a
 * commitment for a set of them); the lengths keep two lists of parts from meeting in the same bytes. A contract
 * computes the same with its SHA-256 precompile.
 */
export function digest(name: string, ...parts: readonly Part[]): Uint8Array {
  const pieces: Uint8Array[] = [utf8ToBytes(`holdfast ${name} 1\n`)];
  for (const part of parts) {
    const bytes = typeof part === "string" ? utf8ToBytes(part) : typeof part === "number" ? u32(part) : part;
    pieces.push(u32(bytes.length), bytes);
  }
  return sha256(joined(pieces));
}

/** Big-endian, 4 bytes. Throws a RangeError for what is no u32. */
export function u32(value: number): Uint8Array {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw new RangeError("not a u32");
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
