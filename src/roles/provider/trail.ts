import { decodeLeaf, encodeLeaf, type Leaf, leafBytes, leafOf } from "../../domain/verification/leaf.ts";
import { type MarginTally, noMargins } from "../../domain/verification/margin-tally.ts";
import type { Candidate } from "../../domain/verification/sampler.ts";

/** What one node saw at each position of an answer, kept until it is asked to commit to it. */
export interface Trail {
  /** Positions are noted in order; one noted again is replaced. `tally`: of the margins up to here, for others' tokens. */
  note(position: number, candidates: readonly Candidate[], tally?: MarginTally): void;
  /** Forgets position `length` and what is after it. */
  keep(length: number): void;
  /** One leaf for each of the first `count` positions; undefined when it did not see them all, or saw no numbers. */
  leaves(count: number): Leaf[] | undefined;
  /** Of the margins among the first `count` positions. */
  margins(count: number): MarginTally;
}

/** Packed: 48 bytes a token, so the longest answer there may be costs 6 MiB. */
export function createTrail(): Trail {
  let bytes = new Uint8Array(64 * leafBytes);
  let tallies: MarginTally[] = [];
  let length = 0;
  const margins = (count: number) => tallies[Math.min(count, tallies.length) - 1] ?? noMargins;

  return {
    note(position, candidates, tally) {
      const leaf = leafOf(candidates);
      // A gap is never closed: what is after it was seen, but is no use to anyone.
      if (leaf === undefined || position > length) return;
      const at = position * leafBytes;
      if (at + leafBytes > bytes.length) {
        const larger = new Uint8Array(2 * bytes.length);
        larger.set(bytes);
        bytes = larger;
      }
      bytes.set(encodeLeaf(leaf), at);
      // Its own tokens have no margin: the tally before stands, the same object.
      tallies[position] = tally ?? margins(position);
      length = position + 1;
    },
    keep(to) {
      length = Math.min(length, to);
      tallies = tallies.slice(0, length);
    },
    leaves(count) {
      if (count > length) return undefined;
      return Array.from(
        { length: count },
        (_, position) => decodeLeaf(bytes.subarray(position * leafBytes, (position + 1) * leafBytes))!,
      );
    },
    margins,
  };
}
