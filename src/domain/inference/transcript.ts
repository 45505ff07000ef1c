import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { JobId } from "../ids.ts";
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
  const bytes = chunkBytes(chunk);
  const all = new Uint8Array(before.length + bytes.length);
  all.set(before);
  all.set(bytes, before.length);
  return sha256(all);
}

/** `start u32 | count u32 | ids u32… | textBytes u32 | text utf-8 | end u8`, little-endian. */
function chunkBytes(chunk: Omit<Chunk, "signature">): Uint8Array {
  const text = utf8ToBytes(chunk.text);
  const bytes = new Uint8Array(4 + 4 + 4 * chunk.ids.length + 4 + text.length + 1);
  const view = new DataView(bytes.buffer);
  let at = 0;
  const u32 = (value: number) => {
    view.setUint32(at, value, true);
    at += 4;
  };
  u32(chunk.start);
  u32(chunk.ids.length);
  for (const id of chunk.ids) u32(id);
  u32(text.length);
  bytes.set(text, at);
  view.setUint8(at + text.length, chunk.end === undefined ? 0 : chunk.end === "stop" ? 1 : 2);
  return bytes;
}
