import type { Address, SessionKey } from "../../domain/ids.ts";
import { auditDraw } from "../../domain/verification/audit.ts";
import type { CommitSet } from "../../domain/verification/committee.ts";
import { answerDraw, type DrawnAnswer, noteBytes } from "../../domain/verification/drawn-answer.ts";
import type { DrawOnChain } from "../../domain/verification/drawn-report.ts";
import type { Receipt } from "../../domain/verification/receipt.ts";
import type { Beacons, Verify } from "../../ports.ts";
import { type DrawnSet, lookUpDrawn, whenever } from "./drawn-set.ts";

export interface ReceiptReader {
  readonly beacons: Beacons;
  readonly verify: Verify;
  /** Which node vouches for a session key. */
  readonly vouchedBy: (key: SessionKey) => readonly Address[];
}

/** What the chain says of a receipt's committee that was drawn; nothing of a client's own. */
export async function lookUpReceipt(
  reader: ReceiptReader,
  { proof, drawn }: Receipt,
): Promise<(DrawnSet & { readonly answer?: DrawOnChain }) | undefined> {
  const { beacons } = reader;
  if (drawn !== undefined) {
    const window = { ...whenever, at: drawn.block };
    const set = await lookUpDrawn(beacons, proof.set, (beacon) => answerDraw(drawn, beacon), window);
    const noted = set && (await notedShare(reader, drawn));
    return set && noted !== undefined ? { ...set, answer: { beacon: set.beacon, noted } } : set;
  }
  return lookUpAudit(beacons, proof.set);
}

/** What the chain says of a committee that was drawn long after, by what its executor had sealed. */
export function lookUpAudit(beacons: Beacons, set: CommitSet): Promise<DrawnSet | undefined> {
  const { executor, commits } = set;
  const sealed = commits.find(({ node }) => node === executor.node)?.sealed ?? "";
  return lookUpDrawn(beacons, set, (beacon) => auditDraw({ sealed, executor: executor.node }, beacon));
}

/** How much of all stake says, by notes that hold, that it was told of the request before its block. */
async function notedShare(
  { beacons, verify, vouchedBy }: ReceiptReader,
  drawn: DrawnAnswer,
): Promise<number | undefined> {
  const nodes = drawn.notes
    .filter(({ node, sessionKey }) => vouchedBy(sessionKey).includes(node))
    .filter(({ head }) => head < drawn.block)
    .filter((note) => verify(note.sessionKey, noteBytes(drawn, note), note.signature))
    .map(({ node }) => node);
  const weights = await beacons.weights([...new Set(nodes)], drawn.block - 1);
  if (weights === undefined || weights.total === 0n) return undefined;
  const noted = weights.stakes.reduce((sum, stake) => sum + stake, 0n);
  return Number((1_000_000n * noted) / weights.total) / 1_000_000;
}
