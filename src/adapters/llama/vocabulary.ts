import type { Vocabulary } from "../../domain/grammar/vocabulary.ts";
import type { TokenId } from "../../domain/ids.ts";
import type { Runtime } from "./runtime.ts";

/**
 * The bytes of each token as the model file spells them: the detokeniser shows half a character as a replacement
 * character, which is no use to somebody who has to know which half. Undefined for kinds of vocabulary that are spelled
 * in other ways than the two common ones.
 */
export function readVocabulary({ model }: Runtime): Vocabulary | undefined {
  const { ggml } = model.fileInfo.metadata.tokenizer;
  const spell = spellings[ggml.model];
  if (spell === undefined) return undefined;
  // A tenth of a second for 49,000 tokens, which only the first answer of a given form has to wait.
  let made: Tables | undefined;
  const tables = () => {
    made ??= tablesOf(ggml.tokens, ggml.token_type ?? [], spell);
    return made;
  };
  const ends: TokenId[] = [];
  for (let id = 0; id < ggml.tokens.length; id += 1)
    if (model.isEogToken(id as Parameters<typeof model.isEogToken>[0])) ends.push(id);
  return {
    bytesOf: (id) => tables().bytes[id] ?? none,
    startingWith: (byte) => tables().starting[byte] ?? [],
    ends,
  };
}

interface Tables {
  readonly bytes: readonly Uint8Array[];
  readonly starting: ReadonlyArray<readonly TokenId[]>;
}

function tablesOf(tokens: readonly string[], types: readonly number[], spell: Spelling): Tables {
  const bytes = tokens.map((written, id) => spell(written, types[id] ?? normal));
  const starting: TokenId[][] = Array.from({ length: 256 }, () => []);
  for (const [id, [first]] of bytes.entries()) if (first !== undefined) starting[first]!.push(id);
  return { bytes, starting };
}

type Spelling = (written: string, type: number) => Uint8Array;

/** Types of token in a GGUF file; the others (unknown, control, unused) are no text. */
const normal = 1;
const userDefined = 4;
const byte = 6;

const none = new Uint8Array(0);
const encoder = new TextEncoder();

const spellings: Readonly<Record<string, Spelling>> = {
  /** Byte-level BPE: every byte has a character of its own; added tokens are written as they are. */
  gpt2(written, type) {
    if (type === userDefined) return encoder.encode(written);
    if (type !== normal) return none;
    return Uint8Array.from(written, (character) => byteLevel.get(character) ?? 0);
  },
  /** SentencePiece: a low line for a space, and single bytes as `<0x0A>`. */
  llama(written, type) {
    if (type === byte) return Uint8Array.of(Number.parseInt(written.slice(3, 5), 16));
    return type === normal || type === userDefined ? encoder.encode(written.replaceAll("\u2581", " ")) : none;
  },
};

/** GPT-2's alphabet: printable Latin-1 stands for itself, each other byte for the next character from U+0100 on. */
const byteLevel: ReadonlyMap<string, number> = (() => {
  const isPrintable = (at: number) => (at >= 0x21 && at <= 0x7e) || (at >= 0xa1 && at <= 0xff && at !== 0xad);
  const characters = new Map<string, number>();
  let others = 0x100;
  for (let at = 0; at < 256; at += 1) {
    characters.set(String.fromCodePoint(isPrintable(at) ? at : others), at);
    if (!isPrintable(at)) others += 1;
  }
  return characters;
})();
