/**
 * Blocks of one epoch. Its beacon is the hash of its first block: a contract has that for one opcode, on any EVM chain.
 * About an hour at 12 s a block; an audit may come in every epoch of the thaw window, so that is how late one may be.
 */
const epochBlocks = 300;

/** The block whose hash draws in the epoch that holds `block`. */
export function epochBlockOf(block: number): number {
  return block - (block % epochBlocks);
}

/** The block that drew in the epoch before the one of this block, which begins at it. */
export function epochBlockBefore(block: number): number {
  return Math.max(0, block - epochBlocks);
}

/** The first block after this one whose hash draws. */
export function nextEpochBlock(block: number): number {
  return epochBlockOf(block) + epochBlocks;
}

/**
 * First blocks of the epochs after the one seen last, up to the present one, the earliest first: at most `max`, the
 * latest. Only the present one when none was seen, or when the chain has gone back.
 */
export function epochsSince(seen: number | undefined, present: number, max: number): number[] {
  if (seen === undefined || seen > present) return [present];
  const count = Math.min(max, (present - seen) / epochBlocks);
  return Array.from({ length: count }, (_, at) => present - (count - 1 - at) * epochBlocks);
}
