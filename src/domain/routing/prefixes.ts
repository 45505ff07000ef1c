import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";

/** A place in a conversation: all before it as a digest, and how long that is, UTF-16 units. */
export interface Mark {
  readonly digest: string;
  readonly size: number;
}

/**
 * Who has lately read which conversation: whoever has need not read it all again when it goes on. Kept are digests
 * under a key of this gateway's own, which say nothing to anybody else, and of so many conversations only.
 */
export interface Prefixes<Reader> {
  /** What share of a prompt with these marks each reader holds, 0 to 1, of those that hold any. */
  heldOf(marks: readonly Mark[]): ReadonlyMap<Reader, number>;
  /** This one has read all of it. */
  learn(marks: readonly Mark[], reader: Reader): void;
}

export function createPrefixes<Reader>(conversationsMax: number): Prefixes<Reader> {
  /** Longest unread first. */
  const readers = new Map<string, readonly Reader[]>();
  return {
    heldOf(marks) {
      const held = new Map<Reader, number>();
      const whole = Math.max(sizeLeast, marks.at(-1)?.size ?? 0);
      for (const { digest, size } of marks) {
        for (const reader of readers.get(digest) ?? []) held.set(reader, size / whole);
      }
      return held;
    },
    learn(marks, reader) {
      const digest = marks.at(-1)?.digest;
      if (digest === undefined) return;
      const others = (readers.get(digest) ?? []).filter((other) => other !== reader);
      readers.delete(digest);
      readers.set(digest, [reader, ...others].slice(0, readersMost));
      const [oldest] = readers.keys();
      if (readers.size > conversationsMax && oldest !== undefined) readers.delete(oldest);
    },
  };
}

/** The marks after the last messages of a conversation, shortest first. */
export function marksOf(messages: readonly string[], model: string, key: Uint8Array): Mark[] {
  const marks: Mark[] = [];
  let digest = sha256(concatBytes(key, utf8ToBytes(model)));
  let size = 0;
  for (const [index, message] of messages.entries()) {
    digest = sha256(concatBytes(digest, utf8ToBytes(message)));
    size += message.length;
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
export const sizeLeast = 2_048;
