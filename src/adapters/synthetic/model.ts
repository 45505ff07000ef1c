import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { ModelId, TokenId } from "../../domain/ids.ts";
import type { Prompt } from "../../domain/inference/spec.ts";

/** A name that nobody mistakes for a model's. */
const name = "synthetic-load-test";

/** Who offers this offers no model: its id is the digest of a sentence that says so. */
export const syntheticModel: { readonly id: ModelId; readonly name: string } = {
  id: `sha256:${bytesToHex(sha256(utf8ToBytes(`holdfast ${name} 1: paced arithmetic, not a model`)))}` as ModelId,
  name,
};

/** Words of two syllables, so that a few of them in a row are found at one place of one answer only. */
const syllables = [..."bdfghjklmnprstvz"].flatMap((first) => [..."aeiou"].map((vowel) => first + vowel));
export const vocabularyTokens = syllables.length ** 2;

/** What the token says: a word and a blank. Nothing for an id that is no token. */
export function wordOf(id: TokenId): string {
  if (id < 0 || id >= vocabularyTokens) return "";
  return `${syllables[Math.floor(id / syllables.length)]}${syllables[id % syllables.length]} `;
}

/** A prompt's own number: everything about its answer but the position. */
export function promptKey(prompt: Prompt): number {
  const texts =
    prompt.kind === "text"
      ? [prompt.kind, prompt.text]
      : [prompt.kind, ...prompt.messages.flatMap(({ role, content }) => [role, content])];
  const digest = sha256(utf8ToBytes(JSON.stringify([syntheticModel.id, ...texts])));
  return new DataView(digest.buffer).getUint32(0);
}

/**
 * The token at a position of the answer to a prompt. It depends on nothing else (not on the words before it, the
 * temperature or the seed), so any number of nodes agree on it and whoever asked can check it.
 */
export function tokenAt(key: number, position: number): TokenId {
  // The finaliser of MurmurHash3: every bit of the input moves half of the output's.
  let hash = Math.imul(key ^ Math.imul(position + 1, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % vocabularyTokens;
}

/** The whole answer of so many tokens, as an application must have received it. */
export function syntheticAnswer(prompt: Prompt, tokens: number): string {
  const key = promptKey(prompt);
  return Array.from({ length: tokens }, (_, position) => wordOf(tokenAt(key, position))).join("");
}
