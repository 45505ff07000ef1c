import { auditRules } from "../../domain/verification/audit.ts";
import { epochBlockOf } from "../../domain/verification/epoch.ts";

/**
 * The newest blocks, all of which are kept: weeks of an idle chain, or an hour of one that answers are drawn by. 1.6 KiB
 * each. Receipts that were drawn by older ones can then no longer be checked against this chain.
 */
const blocksKept = 4_096;
/** An empty block takes about 1.6 KB of the state: below this there can be no more than are kept. */
const blockBytesMin = 1_500;

/**
 * An anvil state without the blocks that nobody will ask for again: there is one a minute and for every draw, and anvil
 * itself forgets none. The beginnings of epochs in which an answer can still be audited are kept, with the block before
 * each, and every block that holds a transaction. Anvil loads a state with such gaps.
 */
export function prunedState(json: Uint8Array, kept = blocksKept): Uint8Array {
  if (json.length < kept * blockBytesMin) return json;
  const state = JSON.parse(Buffer.from(json).toString()) as State;
  const newest = state.blocks.reduce((a, b) => (numberOf(a) > numberOf(b) ? a : b));
  const since = Number(newest.header.timestamp) - auditRules.thawMs / 1000;
  const isKept = (block: Block): boolean => {
    const number = numberOf(block);
    if (number === 0 || number > numberOf(newest) - kept || block.transactions.length > 0) return true;
    const drawsOrEndsEpoch = number === epochBlockOf(number) || number + 1 === epochBlockOf(number + 1);
    return drawsOrEndsEpoch && Number(block.header.timestamp) >= since;
  };
  return Buffer.from(JSON.stringify({ ...state, blocks: state.blocks.filter(isKept) }));
}

interface State {
  readonly blocks: readonly Block[];
}

interface Block {
  /** Hex numbers. */
  readonly header: { readonly number: string; readonly timestamp: string };
  readonly transactions: readonly unknown[];
}

function numberOf({ header }: Block): number {
  return Number(header.number);
}
