import { digest, equalBytes, joined } from "./digest.ts";

/** Length of every hash in a tree, bytes. */
export const hashBytes = 32;

/**
 * The one Merkle tree. Leaves are hashes already (whoever makes them says of what, see `digest`); a node is
 * digest("node", left, right); the last node of an odd row goes up as it is; and the root is digest("root", count, top),
 * so that a tree says how many leaves it has and no inner node passes for a leaf. A tree of none is
 * digest("root", 0, empty).
 */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  return merkleTree(leaves).root;
}

/** All its hashes, for who opens it later. */
export interface MerkleTree {
  readonly root: Uint8Array;
  /** The leaves first, then row by row what is above them. */
  readonly rows: readonly (readonly Uint8Array[])[];
}

export function merkleTree(leaves: readonly Uint8Array[]): MerkleTree {
  const rows = [leaves];
  for (let row = leaves; row.length > 1; rows.push(row)) row = above(row);
  return { root: rootOver(leaves.length, rows.at(-1)![0]), rows };
}

/**
 * The hashes that somebody who has only the leaves at `indices` (strictly ascending) needs to find the root again, in
 * the order in which `merkleRootOf` asks for them. Throws a RangeError for indices that are none.
 */
export function merkleOpen({ rows }: MerkleTree, indices: readonly number[]): Uint8Array {
  if (!areIndices(indices, rows[0]!.length)) throw new RangeError("not ascending indices of the leaves");
  const siblings: Uint8Array[] = [];
  let open = new Set(indices);
  for (const row of rows) {
    for (const index of open) {
      const sibling = row[index ^ 1];
      if (sibling !== undefined && !open.has(index ^ 1)) siblings.push(sibling);
    }
    open = new Set([...open].map((index) => index >> 1));
  }
  return joined(siblings);
}

export interface MerkleOpening {
  /** Leaves of the whole tree. */
  readonly count: number;
  /** Strictly ascending. */
  readonly indices: readonly number[];
  /** Hashes of the leaves at `indices`. */
  readonly leaves: readonly Uint8Array[];
  /** 32 bytes each, as `merkleOpen` gives them. */
  readonly siblings: Uint8Array;
}

/** Does the opening lead to `root`, with nothing missing and nothing left over? Never throws. */
export function merkleLeadsTo(root: Uint8Array, opening: MerkleOpening): boolean {
  const found = merkleRootOf(opening);
  return found !== undefined && equalBytes(found, root);
}

function merkleRootOf({ count, indices, leaves, siblings }: MerkleOpening): Uint8Array | undefined {
  if (!areIndices(indices, count) || indices.length === 0 || leaves.length !== indices.length)
    return undefined;
  let row = new Map(indices.map((index, at) => [index, leaves[at]!]));
  let at = 0;
  for (let width = count; width > 1; width = (width + 1) >> 1) {
    const next = new Map<number, Uint8Array>();
    for (const [index, hash] of row) {
      const other = index ^ 1;
      if (next.has(index >> 1)) continue;
      if (other >= width) {
        next.set(index >> 1, hash);
        continue;
      }
      let sibling = row.get(other);
      if (sibling === undefined) {
        sibling = siblings.subarray(at, at + hashBytes);
        if (sibling.length !== hashBytes) return undefined;
        at += hashBytes;
      }
      next.set(index >> 1, index < other ? digest("node", hash, sibling) : digest("node", sibling, hash));
    }
    row = next;
  }
  return at === siblings.length ? rootOver(count, row.get(0)) : undefined;
}

function above(row: readonly Uint8Array[]): Uint8Array[] {
  const next: Uint8Array[] = [];
  for (let left = 0; left < row.length; left += 2) {
    const right = row[left + 1];
    next.push(right === undefined ? row[left]! : digest("node", row[left]!, right));
  }
  return next;
}

function rootOver(count: number, top: Uint8Array | undefined): Uint8Array {
  return digest("root", count, top ?? new Uint8Array());
}

function areIndices(indices: readonly number[], count: number): boolean {
  return (
    Number.isInteger(count) &&
    count <= 0x7fffffff &&
    indices.every((index, at) => Number.isInteger(index) && index < count && index > (indices[at - 1] ?? -1))
  );
}
