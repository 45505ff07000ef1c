import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { JobId } from "../ids.ts";
import { memoryFor, sha256Of } from "../verification/sha256.ts";
import type { Chunk } from "./chunk.ts";

/**
 * The running digest that speakers sign. It starts from the job and the prompt's token ids and folds in every chunk
 * of the answer, whoever said it, so one signature binds its signer to the whole text up to that chunk:
 *
 *   d(0)   = SHA-256("holdfast transcript 1" ‖ job ‖ promptDigest)
 *   d(n+1) = SHA-256(d(n) ‖ chunkBytes(n))
 *
 * After a switch the next speaker goes on from the same digest. When chunks are dropped, it goes back to theirs.
 */
export function transcriptStart(job: JobId, promptDigest: string): Uint8Array {
  return sha256(utf8ToBytes(`holdfast transcript 1\n${job}\n${promptDigest}`));
}

export function transcriptNext(before: Uint8Array, chunk: Omit<Chunk, "signature">): Uint8Array {
  const text = utf8ToBytes(chunk.text);
  const length = before.length + 4 + 4 + 4 * chunk.ids.length + 4 + text.length + 1;
  const memory = memoryFor(length);
  memory.set(before);
  writeChunk(memory, before.length, chunk, text);
  return sha256Of(memory, length);
}

/** `start u32 | count u32 | ids u32… | textBytes u32 | text utf-8 | end u8`, little-endian. */
function writeChunk(
  memory: Uint8Array,
  from: number,
  { start, ids, end }: Omit<Chunk, "signature">,
  text: Uint8Array,
): void {
  let at = writeU32(memory, from, start);
  at = writeU32(memory, at, ids.length);
  for (const id of ids) at = writeU32(memory, at, id);
  at = writeU32(memory, at, text.length);
  memory.set(text, at);
  memory[at + text.length] = end === undefined ? 0 : end === "stop" ? 1 : 2;
}

/** Where what follows goes. */
function writeU32(memory: Uint8Array, at: number, value: number): number {
  memory[at] = value;
  memory[at + 1] = value >>> 8;
  memory[at + 2] = value >>> 16;
  memory[at + 3] = value >>> 24;
  return at + 4;
}
