import type { DrawnAnswer } from "./drawn-answer.ts";
import { requestDigest } from "./drawn-answer.ts";
import type { Receipt } from "./receipt.ts";
import { quorumOf, type Ruling } from "./ruling.ts";
import { drawnSeed } from "./seed.ts";

/** What the chain says of a receipt's draw. */
export interface DrawOnChain {
  /** Hash of the block that drew. */
  readonly beacon: string;
  /** Share of all stake, before that block, of nodes whose notes in the receipt hold: 0 to 1. */
  readonly noted: number;
}

/** What is wrong with how a receipt says that its members and seed were drawn; nothing where it does not say so. */
export function drawnFaults({ drawn, ...receipt }: Receipt, chain: DrawOnChain | undefined): string[] {
  if (drawn === undefined) return [];
  const { model, prompt, proof, sampling, tokensMax } = receipt;
  const { committee, answer } = proof.set;
  const faults: string[] = [];
  if (committee.kind !== "drawn" || committee.epoch !== drawn.block)
    faults.push(`other-committee: its members did not sign as a committee drawn by block ${drawn.block}.`);
  if (chain !== undefined && chain.beacon !== drawn.beacon)
    faults.push(`other-beacon: block ${drawn.block} has another hash on its chain.`);
  if (sampling.seed !== drawnSeed(drawn.seed, drawn.beacon))
    faults.push("other-seed: the seed is not the client's with the beacon mixed in.");
  if (tokensMax > drawn.limit) faults.push("other-limit: the answer had more room than was asked for.");
  const asked = prompt && {
    ...{ job: answer.job, model, prompt, tokensMax: drawn.limit },
    sampling: { ...sampling, seed: drawn.seed },
  };
  if (asked !== undefined && requestDigest(asked) !== drawn.request)
    faults.push("other-request: what was announced before the block is not what was asked.");
  return faults;
}

/** A quorum is of the witnesses that were asked for when it was drawn: of fewer, its gateway chose which. */
export function drawnDoubts({ drawn }: Receipt, ruling: Pick<Ruling, "members">): string[] {
  if (drawn === undefined || hasDrawnQuorum(drawn, ruling)) return [];
  const { witnesses } = drawn;
  return [
    `fewer-than-drawn: ${supportersIn(ruling)} stand for it, and of the ${witnesses} drawn ${quorumOf(witnesses)} have to.`,
  ];
}

export function hasDrawnQuorum(
  { witnesses }: Pick<DrawnAnswer, "witnesses">,
  ruling: Pick<Ruling, "members">,
): boolean {
  return supportersIn(ruling) >= quorumOf(witnesses);
}

function supportersIn({ members }: Pick<Ruling, "members">): number {
  return members.filter(({ stands }) => stands === "for").length;
}

export function drawnChecked({ block }: DrawnAnswer, chain: DrawOnChain | undefined): string[] {
  if (chain === undefined) return [`the seed, by the hash that the receipt gives of block ${block}`];
  return [
    `each member's seat, the executor's too, and the seed: by the hash of block ${block} and the stakes before it`,
    `notes that the request was seen before block ${block}, by nodes with ${percent(chain)} of all stake`,
  ];
}

export function drawnNotChecked({ block }: DrawnAnswer, chain: DrawOnChain | undefined): string[] {
  if (chain === undefined)
    return [`the draw: block ${block} and the stakes before it are on the chain (--rpc)`];
  const isNoted = chain.noted > 1 / 2;
  return [
    ...(isNoted
      ? []
      : [
          `that the request is older than block ${block}: noted by ${percent(chain)} of all stake, no majority; a gateway in league with all members can have known the block`,
        ]),
    "whether it was asked many times and this receipt kept: each request draws anew",
    "that the executor is the first of those drawn: that whoever came before it was down is its gateway's word",
  ];
}

function percent({ noted }: DrawOnChain): string {
  return `${Math.floor(100 * noted)} %`;
}
