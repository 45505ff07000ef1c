import type { TokenId } from "../ids.ts";

/** What a model's tokens are made of; as its file says, so the same on every node that has the file. */
export interface Vocabulary {
  /** What a token adds to a text, in bytes; nothing for one that is no text (or no token). */
  bytesOf(id: TokenId): Uint8Array;
  /** Tokens whose bytes begin with this one, lowest first. */
  startingWith(byte: number): readonly TokenId[];
  /** Tokens that end an answer, lowest first. */
  readonly ends: readonly TokenId[];
}
