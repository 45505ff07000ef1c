import { hexToBytes } from "@noble/hashes/utils.js";
import type { Address, JobId } from "../ids.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { digest, joined } from "./digest.ts";
import { decodeLeaf, encodeLeaf, type Leaf, leafBytes } from "./leaf.ts";
import { type MerkleTree, merkleLeadsTo, merkleOpen, merkleTree } from "./merkle.ts";

/** Whose fingerprint of which answer; every leaf is bound to it, so none serves another node or another job. */
export interface FingerprintOwner {
  readonly job: JobId;
  readonly node: Address;
}

/** Leaves at some positions, and what leads from them to the root. */
export interface FingerprintOpening {
  /** `leafBytes` for each position opened, in order of position, as base64. */
  readonly leaves: string;
  /** 32 bytes each, as base64; see merkle.ts. */
  readonly siblings: string;
}

/**
 * What a node commits to about its forward pass: 32 bytes, the tree's root, over one leaf for each token of the answer,
 * the leaf at position p holding the logits that *chose* token p. About 3 µs a leaf, so it is kept until it is opened.
 */
export function fingerprintTree(owner: FingerprintOwner, leaves: readonly Leaf[]): MerkleTree {
  const context = contextOf(owner);
  return merkleTree(leaves.map((leaf, position) => leafHash(context, position, leaf)));
}

/** `tree` is of these leaves. Positions strictly ascending, below `leaves.length`; a RangeError otherwise. */
export function openFingerprint(
  tree: MerkleTree,
  leaves: readonly Leaf[],
  positions: readonly number[],
): FingerprintOpening {
  const siblings = merkleOpen(tree, positions);
  const opened = joined(positions.map((position) => encodeLeaf(leaves[position]!)));
  return { leaves: toBase64(opened), siblings: toBase64(siblings) };
}

/**
 * The leaves opened, or undefined when they are not exactly those committed to under `root` at `positions` of `count`,
 * by this owner. Never throws; costs at most one hash for each 32 bytes given.
 */
export function openedLeaves(
  owner: FingerprintOwner,
  committed: { readonly root: Uint8Array; readonly count: number; readonly positions: readonly number[] },
  opening: FingerprintOpening,
): Leaf[] | undefined {
  const { root, count, positions } = committed;
  const leaves = fromBase64(opening.leaves);
  const siblings = fromBase64(opening.siblings);
  if (leaves?.length !== positions.length * leafBytes || siblings === undefined) return undefined;
  const decoded: Leaf[] = [];
  for (const at of positions.keys()) {
    const leaf = decodeLeaf(leaves.subarray(at * leafBytes, (at + 1) * leafBytes));
    if (leaf === undefined) return undefined;
    decoded.push(leaf);
  }
  const context = contextOf(owner);
  const hashes = positions.map((position, at) => leafHash(context, position, decoded[at]!));
  return merkleLeadsTo(root, { count, indices: positions, leaves: hashes, siblings }) ? decoded : undefined;
}

function contextOf({ job, node }: FingerprintOwner): Uint8Array {
  return digest("fingerprint", hexToBytes(job), hexToBytes(node.slice(2)));
}

function leafHash(context: Uint8Array, position: number, leaf: Leaf): Uint8Array {
  return digest("leaf", context, position, encodeLeaf(leaf));
}
