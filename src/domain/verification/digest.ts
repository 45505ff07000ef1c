import { utf8ToBytes } from "@noble/hashes/utils.js";
import { memoryFor, sha256Of } from "./sha256.ts";

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
  let length = head.length;
  for (let at = 0; at < parts.length; at += 1) length += 4 + lengthOf(parts[at]!);
  const memory = memoryFor(length);
  memory.set(head);
  let at = head.length;
  for (let index = 0; index < parts.length; index += 1) at = writePart(memory, at, parts[index]!);
  return sha256Of(memory, length);
}

function lengthOf(part: Part): number {
  return typeof part === "number" ? 4 : typeof part === "string" ? utf8ToBytes(part).length : part.length;
}

function writePart(memory: Uint8Array, at: number, part: Part): number {
  const from = at + 4;
  if (typeof part === "number") {
    writeU32(memory, at, 4);
    writeU32(memory, from, part);
    return from + 4;
  }
  const bytes = typeof part === "string" ? utf8ToBytes(part) : part;
  writeU32(memory, at, bytes.length);
  memory.set(bytes, from);
  return from + bytes.length;
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
