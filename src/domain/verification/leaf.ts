import type { TokenId } from "../ids.ts";
import type { Candidate } from "./sampler.ts";

/**
 * What a node says it saw at one position: its largest raw logits there, before any sampler option. Raw, because
 * options cut and scale them; logits, because they are what every engine can be made to show; and its *own* eight, so
 * that a leaf depends on nobody else's words and the same leaves serve an executor, its witnesses, and an auditor
 * months later. A token that is not among the eight is thereby said to lie below them: leaving one out is a statement
 * like any other, and `leafDistance` holds the node to it.
 */
export interface Leaf {
  /** Largest first, ties by lower id; `leafTokens` of them, fewer only where the vocabulary (or the engine) has fewer. */
  readonly ids: readonly TokenId[];
  /** How far each lies below the largest, in steps of `leafStep`; 0 first, never falling, at most `leafStepsMax`. */
  readonly steps: readonly number[];
}

/** Logits in a leaf. */
export const leafTokens = 8;
/** The grid, logits. A twentieth of what honest machines differ by, so rounding adds nothing to a distance. */
export const leafStep = 1 / 256;
/** 256 logits below the largest: nothing of an honest softmax is left there. */
export const leafStepsMax = 0xffff;
/** A leaf as bytes: for each token u32 id and u16 steps, big-endian; places that are not used hold all ones. */
export const leafBytes = leafTokens * 6;

/**
 * The leaf of a position from its candidates in canonical order (largest first). Undefined when there are none, or one
 * of the eight is NaN or infinite or has an id that is no u32 below 2³¹: such an engine has nothing to say here.
 */
export function leafOf(candidates: readonly Candidate[]): Leaf | undefined {
  const top = candidates.slice(0, leafTokens);
  const first = top[0]?.logit;
  if (first === undefined) return undefined;
  const ids: TokenId[] = [];
  const steps: number[] = [];
  for (const { id, logit } of top) {
    if (!Number.isFinite(logit) || !isTokenId(id)) return undefined;
    ids.push(id);
    steps.push(Math.min(Math.round((first - logit) / leafStep), leafStepsMax));
  }
  const leaf = { ids, steps };
  return isLeaf(leaf) ? leaf : undefined;
}

/** Logits below the largest, largest first. */
export function leafCandidates({ ids, steps }: Leaf): Candidate[] {
  return ids.map((id, at) => ({ id, logit: -leafStep * steps[at]! }));
}

export function encodeLeaf({ ids, steps }: Leaf): Uint8Array {
  // Byte by byte, here and below: an answer's proof takes hundreds of these, and a view costs more than what it writes.
  const bytes = new Uint8Array(leafBytes).fill(0xff, 6 * ids.length);
  for (let place = 0, at = 0; place < ids.length; place += 1, at += 6) {
    const id = ids[place]!;
    const below = steps[place]!;
    bytes[at] = id >>> 24;
    bytes[at + 1] = id >>> 16;
    bytes[at + 2] = id >>> 8;
    bytes[at + 3] = id;
    bytes[at + 4] = below >>> 8;
    bytes[at + 5] = below;
  }
  return bytes;
}

/** Undefined for whatever `encodeLeaf` of an honest leaf cannot have made: there is one encoding of each leaf. */
export function decodeLeaf(bytes: Uint8Array): Leaf | undefined {
  if (bytes.length !== leafBytes) return undefined;
  const ids: TokenId[] = [];
  const steps: number[] = [];
  for (let at = 0; at < leafBytes; at += 6) {
    const id = ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
    const below = (bytes[at + 4]! << 8) | bytes[at + 5]!;
    if (id === 0xffffffff && below === 0xffff) {
      const isRestEmpty = bytes.subarray(at).every((byte) => byte === 0xff);
      if (!isRestEmpty) return undefined;
      break;
    }
    ids.push(id);
    steps.push(below);
  }
  const leaf = { ids, steps };
  return isLeaf(leaf) ? leaf : undefined;
}

function isLeaf({ ids, steps }: Leaf): boolean {
  if (ids.length === 0 || ids.length > leafTokens || steps.length !== ids.length || steps[0] !== 0)
    return false;
  for (let at = 0; at < ids.length; at += 1) {
    const id = ids[at]!;
    const step = steps[at]!;
    if (!isTokenId(id) || ids.indexOf(id) < at || step > leafStepsMax) return false;
    if (at > 0 && !(step >= steps[at - 1]!)) return false;
  }
  return true;
}

function isTokenId(id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id <= 0x7fffffff;
}
