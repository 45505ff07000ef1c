import type { TokenId } from "../ids.ts";

/**
 * What a speaker says at once: some token ids and exactly the text they add to the answer. Chunks are the unit of
 * signing, judging, delivering and dropping, so no rule ever has to reason about half of one.
 *
 * A chunk that has `end` is the in-band end marker. A stream that closes without one was broken, whatever the
 * transport says about it (a killed peer looks like a clean end).
 */
export interface Chunk {
  /** Position of `ids[0]` in the answer; the first token of an answer is at 0. */
  readonly start: number;
  /** At most `chunkTokensMax`. Empty only in a chunk whose `end` is "length" or which ends a text-only answer. */
  readonly ids: readonly TokenId[];
  /** Text the ids add. Half a character is held back until a later chunk completes it. */
  readonly text: string;
  /** "stop": the last id ends the answer (its end-of-generation token). "length": the token limit was reached. */
  readonly end?: "stop" | "length";
  /** Ed25519 signature, base64, over the running digest up to and including this chunk (see transcript.ts). */
  readonly signature: string;
}

/** Position after the chunk's last token. */
export function chunkEnd(chunk: Chunk): number {
  return chunk.start + chunk.ids.length;
}
