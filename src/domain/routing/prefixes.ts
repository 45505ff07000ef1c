import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import type { ModelId, PeerId } from "../ids.ts";
import type { Prompt } from "../inference/spec.ts";

/** A place in a conversation: all before it as a digest, and how long that is, UTF-16 units. */
export interface Mark {
  readonly digest: string;
  readonly size: number;
}

/**
 * Who has lately read which conversation: whoever has need not read it all again when it goes on. Kept are digests
 * under a key of this gateway's own, which say nothing to anybody else, and of so many conversations only.
 */
export interface Prefixes {
  /** What share of a prompt with these marks each peer holds, 0 to 1, of those that hold any. */
  heldOf(marks: readonly Mark[]): ReadonlyMap<PeerId, number>;
  /** This peer has read all of it. */
  learn(marks: readonly Mark[], peer: PeerId): void;
}

export function createPrefixes(conversationsMax: number): Prefixes {
  /** Longest unread first. */
  const readers = new Map<string, readonly PeerId[]>();
  return {
    heldOf(marks) {
      const held = new Map<PeerId, number>();
      const whole = Math.max(sizeLeast, marks.at(-1)?.size ?? 0);
      for (const { digest, size } of marks) {
        for (const peer of readers.get(digest) ?? []) held.set(peer, size / whole);
      }
      return held;
    },
    learn(marks, peer) {
      const digest = marks.at(-1)?.digest;
      if (digest === undefined) return;
      const others = (readers.get(digest) ?? []).filter((other) => other !== peer);
      readers.delete(digest);
      readers.set(digest, [peer, ...others].slice(0, readersMost));
      const [oldest] = readers.keys();
      if (readers.size > conversationsMax && oldest !== undefined) readers.delete(oldest);
    },
  };
}

/** The marks after the last messages of a conversation, shortest first; a plain text has none. */
export function marksOf(prompt: Prompt, model: ModelId, key: Uint8Array): Mark[] {
  if (prompt.kind === "text") return [];
  const { messages } = prompt;
  const marks: Mark[] = [];
  let digest = sha256(concatBytes(key, utf8ToBytes(model)));
  let size = 0;
  for (const [index, { role, content }] of messages.entries()) {
    digest = sha256(concatBytes(digest, utf8ToBytes(`${role}\n${content}`)));
    size += content.length;
    if (index >= messages.length - marksMost)
      marks.push({ digest: bytesToHex(digest.subarray(0, 12)), size });
  }
  return marks;
}

/** A conversation goes on by an answer and a question; now and then a few messages more, such as a tool's. */
const marksMost = 8;
/** An executor and its witnesses. */
const readersMost = 4;
/** What is shorter is read in no time worth mentioning, units: about five hundred tokens. */
const sizeLeast = 2_048;
