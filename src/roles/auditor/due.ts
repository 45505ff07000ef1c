import { nextEpochBlock } from "../../domain/verification/epoch.ts";
import { againstMin, quorumOf, type Ruling } from "../../domain/verification/ruling.ts";
import type { KeptUnwatched } from "../../protocol/unwatched.ts";
import { type Audited, type AuditPorts, audit, type Showing } from "./audit.ts";
import { reopen } from "./reopen.ts";

/** An unwatched answer that the beacon of the epoch at block `due` drew. */
export type DueAnswer = KeptUnwatched & { readonly due: number };

/** What an answer's audit came to. `next`: what is kept of it; "unchanged", or "nothing" where it is settled. */
export interface Step {
  readonly audited?: Audited;
  readonly next: KeptUnwatched | "unchanged" | "nothing";
}

export interface DueContext {
  /** First block of the epoch that goes on now. */
  readonly present: number;
  readonly signal: AbortSignal;
  /** Puts this in place of what is kept of the answer. False where it could not be written. */
  readonly keep: (next: KeptUnwatched) => Promise<boolean>;
}

/**
 * Takes a due answer's audit as far as it gets: holds it before those whom its epoch drew, or asks its executor for the
 * opening that one is still owed. It stays due until its executor has opened beside enough others to convict it.
 */
export async function auditDue(
  ports: AuditPorts,
  answer: DueAnswer,
  { present, signal, keep }: DueContext,
): Promise<Step> {
  const { receipt, at, due, held: owed } = answer;
  const next = nextEpochBlock(Math.max(due, present));
  const showing: Showing = (held) => keep({ at, receipt, due, held });
  const late = owed && (await reopen(ports, receipt, owed, signal));
  const result = owed === undefined ? await audit(ports, receipt, due, signal, showing) : late;
  if (result === "nobody-drawn" || result === "void") return { next: { at, receipt, due: next } };
  if (result === "refused") return { next: { at, receipt, due, refused: true } };
  if (result === undefined) return { next: "unchanged" };
  const { ruling, held } = result;
  if (ruling.verdict !== "inconclusive") return { audited: result, next: "nothing" };
  const hasOpened = ruling.members[0] !== undefined && ruling.members[0].complaint === undefined;
  if (!hasOpened) return { audited: result, next: { at, receipt, due, held } };
  // It has done its duty, once in this epoch. Another draws others where these were too few to find anything.
  const again = isEnough(ruling) ? { from: next } : { due: next };
  return { audited: result, next: { at, receipt, ...again } };
}

/** Did as many open beside the executor as it takes to convict it? Some may have been lost, or this process was. */
function isEnough({ members: [, ...witnesses] }: Ruling): boolean {
  const opened = witnesses.filter(({ complaint }) => complaint === undefined);
  return opened.length >= Math.max(againstMin, quorumOf(witnesses.length));
}
