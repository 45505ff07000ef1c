import { utf8ToBytes } from "@noble/hashes/utils.js";

/**
 * What a text may look like, as a context-free grammar over its bytes. Bytes, because tokens are made of bytes and may
 * end in the middle of a character. Patterns are made once for a job and compared by identity.
 */
export type Pattern =
  /** One byte out of a set. */
  | { readonly kind: "byte"; readonly set: ByteSet }
  /** The parts from `at` on, one after the other; nothing when there are none. */
  | { readonly kind: "sequence"; readonly parts: readonly Pattern[]; readonly at: number; rest?: Pattern }
  /** Any one of these. */
  | { readonly kind: "choice"; readonly options: readonly Pattern[] }
  /** From `min` to `max` times; `of` is never nothing. */
  | {
      readonly kind: "repeat";
      readonly of: Pattern;
      readonly min: number;
      readonly max: number;
      rest?: Pattern;
    }
  /** Another pattern by its name, so that a pattern may hold itself. */
  | { readonly kind: "named"; readonly name: string; pattern?: Pattern };

/** 256 bits. */
type ByteSet = Uint32Array;

export function hasByte(set: ByteSet, byte: number): boolean {
  return ((set[byte >> 5]! >>> (byte & 31)) & 1) === 1;
}

/** One byte from any of these ranges, both ends included. */
export function byteIn(...ranges: ReadonlyArray<readonly [from: number, to: number]>): Pattern {
  const set = new Uint32Array(8);
  for (const [from, to] of ranges) {
    for (let byte = from; byte <= to; byte += 1) set[byte >> 5]! |= 1 << (byte & 31);
  }
  return { kind: "byte", set };
}

/** One of these ASCII characters. */
export function oneOf(characters: string): Pattern {
  return byteIn(...[...utf8ToBytes(characters)].map((byte): [number, number] => [byte, byte]));
}

/** Exactly this text, in UTF-8. */
export function literal(text: string): Pattern {
  return sequence(...[...utf8ToBytes(text)].map((byte) => singles[byte]!));
}

const singles = Array.from({ length: 256 }, (_, byte) => byteIn([byte, byte]));

export function sequence(...parts: readonly Pattern[]): Pattern {
  return { kind: "sequence", parts, at: 0 };
}

export const nothing: Pattern = sequence();

export function choice(...options: readonly Pattern[]): Pattern {
  return options.length === 1 ? options[0]! : { kind: "choice", options };
}

export function repeat(of: Pattern, min: number, max = Number.POSITIVE_INFINITY): Pattern {
  return { kind: "repeat", of, min, max };
}

/** What is left of a sequence or a repetition after its first part: always the same object, so that stacks can be compared. */
export function restOf(pattern: Extract<Pattern, { kind: "sequence" | "repeat" }>): Pattern {
  if (pattern.rest !== undefined) return pattern.rest;
  if (pattern.kind === "sequence") pattern.rest = { ...pattern, at: pattern.at + 1 };
  else if (pattern.min === 0 && pattern.max === Number.POSITIVE_INFINITY) pattern.rest = pattern;
  else pattern.rest = repeat(pattern.of, Math.max(0, pattern.min - 1), pattern.max - 1);
  return pattern.rest;
}

/**
 * Is there any text at all that fits? `known` are names of patterns of which that is known already; `found` spares
 * looking twice at what is in many places. Without recursion, since a schema may make patterns nested thousands deep.
 */
export function canEnd(
  pattern: Pattern,
  known: ReadonlySet<string>,
  found: Map<Pattern, boolean> = new Map(),
): boolean {
  /** `at`: its parts before this one are known. */
  const waiting = [{ pattern, at: 0 }];
  for (let next = waiting.at(-1); next !== undefined; next = waiting.at(-1)) {
    const parts = partsOf(next.pattern);
    while (next.at < parts.length && found.has(parts[next.at]!)) next.at += 1;
    const unknown = parts[next.at];
    if (unknown !== undefined) waiting.push({ pattern: unknown, at: 0 });
    else {
      found.set(next.pattern, canEndBy(next.pattern, known, found));
      waiting.pop();
    }
  }
  return found.get(pattern)!;
}

function partsOf(pattern: Pattern): readonly Pattern[] {
  if (pattern.kind === "sequence") return pattern.parts;
  if (pattern.kind === "choice") return pattern.options;
  return pattern.kind === "repeat" ? [pattern.of] : [];
}

function canEndBy(
  pattern: Pattern,
  known: ReadonlySet<string>,
  found: ReadonlyMap<Pattern, boolean>,
): boolean {
  if (pattern.kind === "byte") return true;
  if (pattern.kind === "named") return known.has(pattern.name);
  const parts = partsOf(pattern).map((part) => found.get(part) === true);
  if (pattern.kind === "repeat") return pattern.min === 0 || parts[0] === true;
  return pattern.kind === "sequence" ? parts.every(Boolean) : parts.some(Boolean);
}
