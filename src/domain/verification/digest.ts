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
  const head = headOf(name);
  const pieces = parts.map((part) => (typeof part === "string" ? utf8ToBytes(part) : part));
  const lengthOf = (piece: Uint8Array | number) => (typeof piece === "number" ? 4 : piece.length);
  // One piece of memory and one pass: an answer's proof takes hundreds of these.
  const all = new Uint8Array(pieces.reduce<number>((sum, piece) => sum + 4 + lengthOf(piece), head.length));
  all.set(head);
  let at = head.length;
  for (const piece of pieces) {
    writeU32(all, at, lengthOf(piece));
    if (typeof piece === "number") writeU32(all, at + 4, piece);
    else all.set(piece, at + 4);
    at += 4 + lengthOf(piece);
  }
  return sha256(all);
}

/** Names are words of this program, so these are few. */
const heads = new Map<string, Uint8Array>();

function headOf(name: string): Uint8Array {
  const known = heads.get(name) ?? utf8ToBytes(`holdfast ${name} 1\n`);
  heads.set(name, known);
  return known;
}

/** Big-endian, 4 bytes. Throws a RangeError for what is no u32. */
export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeU32(bytes, 0, value);
  return bytes;
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) throw new RangeError("not a u32");
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
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
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
