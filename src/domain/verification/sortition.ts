import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { Address } from "../ids.ts";
import { type Hex32, nodeBytes } from "./committee.ts";
import { joined } from "./digest.ts";

/** A node and what it has at stake, read from a checkpoint older than the beacon. */
export interface Staked {
  readonly node: Address;
  /** Smallest unit, above 0. */
  readonly stake: bigint;
}

/**
 * What decides a draw: a beacon nobody could know when the subject was fixed, and the subject (a job, a commit).
 * keccak256(beacon ‖ subject), so that a contract computes it for the price of two words.
 */
export function drawSeed(beacon: Hex32, subject: Hex32): Hex32 {
  return bytesToHex(keccak_256(joined([hexToBytes(beacon), hexToBytes(subject)])));
}

/**
 * Has this node a seat? By itself alone, so that a contract checks each signer with one stake and one hash:
 *
 *   keccak256(seed ‖ node) / 2²⁵⁶  <  seats × stake / total
 *
 * On the average `seats` are drawn. Who splits a stake among many nodes has as many seats as before; who holds more
 * than 1/seats of all stake is always drawn, and has one seat all the same.
 */
export function isDrawn(seed: Hex32, { node, stake }: Staked, seats: number, total: bigint): boolean {
  return lotOf(seed, node) * total < (BigInt(seats) * stake) << 256n;
}

/** A draw of some seats: everything about it but who has what at stake. */
export interface Draw {
  readonly seed: Hex32;
  readonly seats: number;
  /** Who is judged, and takes no part in it. Their stake counts for nothing. */
  readonly excluded: readonly Address[];
}

/**
 * Who of `nodes` is drawn, lowest hash first. `total`: what all nodes of the network have at stake, where some of them
 * are not known here; those excluded are among those known.
 */
export function seated(
  { seed, seats, excluded }: Draw,
  nodes: readonly Staked[],
  total = sumOf(nodes),
): Address[] {
  const judged = new Set(excluded.map((node) => node.toLowerCase()));
  const isJudged = ({ node }: Staked) => judged.has(node.toLowerCase());
  const rest = total - sumOf(nodes.filter(isJudged));
  return drawn(
    seed,
    nodes.filter((each) => !isJudged(each)),
    seats,
    rest,
  );
}

/** All who have a seat, lowest hash first: the first speaks where an executor is wanted. */
export function drawn(seed: Hex32, nodes: readonly Staked[], seats: number, total = sumOf(nodes)): Address[] {
  return nodes
    .filter((each) => isDrawn(seed, each, seats, total))
    .map(({ node }) => ({ node, lot: lotOf(seed, node) }))
    .sort((a, b) => (a.lot < b.lot ? -1 : a.lot > b.lot ? 1 : 0))
    .map(({ node }) => node);
}

function sumOf(nodes: readonly Staked[]): bigint {
  return nodes.reduce((sum, { stake }) => sum + stake, 0n);
}

function lotOf(seed: Hex32, node: Address): bigint {
  return BigInt(`0x${bytesToHex(keccak_256(joined([hexToBytes(seed), nodeBytes(node)])))}`);
}
