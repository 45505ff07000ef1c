import { hexToBytes } from "@noble/hashes/utils.js";
import { type CommitSet, type Hex32, setDigest } from "./committee.ts";
import { digest } from "./digest.ts";

/** Positions opened of an answer, and of longer ones, the hashes beside which grow many: an opening stays below 12 KB. */
export const positionsMax = 48;
const positionsOfLong = [
  { beyond: 2048, most: 18 },
  { beyond: 512, most: 32 },
];

/**
 * Positions that the members of a set open: drawn without repetition from the set and a secret (the requester's, or a
 * beacon's value later than every commit), ascending. All of them when the answer has no more. The set is in it, so
 * that a leaked secret does not tell the positions before the last envelope is closed.
 */
export function auditPositions(set: CommitSet, secret: Hex32): number[] {
  const { tokens } = set.answer;
  const most = positionsOfLong.find(({ beyond }) => tokens > beyond)?.most ?? positionsMax;
  const wanted = Math.min(tokens, most);
  const seed = digest("audit", setDigest(set), hexToBytes(secret));
  const drawn = new Set<number>();
  // Floyd's sampling: `wanted` draws, none of them in vain.
  for (let last = tokens - wanted; last < tokens; last += 1) {
    const pick = below(digest("position", seed, last), last + 1);
    drawn.add(drawn.has(pick) ? last : pick);
  }
  return [...drawn].sort((a, b) => a - b);
}

/** A number below `bound` from a hash; 48 bits, so that the bias is below 2⁻¹⁶ for any answer there can be. */
function below(hash: Uint8Array, bound: number): number {
  const view = new DataView(hash.buffer, hash.byteOffset);
  return (view.getUint16(0) * 2 ** 32 + view.getUint32(2)) % bound;
}
