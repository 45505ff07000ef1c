import type { JobId } from "../../domain/ids.ts";
import { auditRules, isAuditDue } from "../../domain/verification/audit.ts";
import {
  epochBlockBefore,
  epochBlockOf,
  epochsSince,
  nextEpochBlock,
} from "../../domain/verification/epoch.ts";
import { againstMin } from "../../domain/verification/ruling.ts";
import type { Proof } from "../../domain/verification/seat.ts";
import type { Receipts } from "../../ports.ts";
import { HoldfastError, kindOf } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { type KeptUnwatched, readUnwatched, writeUnwatched } from "../../protocol/unwatched.ts";
import { type Audited, type AuditPorts, audit } from "./audit.ts";
import { reopen } from "./reopen.ts";

export interface AuditsPorts extends AuditPorts {
  /** Answers that nobody watched; each goes when its stake could not be slashed any more, or it was audited. */
  readonly unwatched: Pick<Receipts, "put" | "get" | "jobs" | "drop">;
  /** Heeds what an audit came to; only then is the answer let go. */
  readonly found: (job: JobId, audited: Audited) => Promise<void>;
}

/**
 * The standing duty of whoever holds the prompts: in each epoch, has those of its unwatched answers audited that the
 * epoch's beacon draws. Nobody can tell before which these are, the one who holds them included. An executor that sees
 * itself drawn and stays away evades nothing: its answer stays due, before the same auditors, until it has opened.
 */
export function startAudits(
  ports: AuditsPorts,
  { share }: { readonly share: number },
): { close(): Promise<void> } {
  const { beacons, clock, log, unwatched } = ports;
  const closing = new AbortController();
  let seen: number | undefined;
  /** What decides whether an answer is due, so that not all of them are read from the disk in each epoch. */
  const times = new Map<JobId, Times>();
  let turn = Promise.resolve();
  let cancel = clock.after(limits.epochLookMs, next);
  return {
    async close() {
      closing.abort();
      cancel();
      await turn;
    },
  };

  function next(): void {
    turn = look().catch((error: unknown) => log.warn("audits-failed", { error: kindOf(error) }));
    void turn.then(() => {
      if (!closing.signal.aborted) cancel = clock.after(limits.epochLookMs, next);
    });
  }

  async function look(): Promise<void> {
    const head = await beacons.head();
    const present = head === undefined ? 0 : epochBlockOf(head);
    if (present === 0) return;
    // An epoch that passed while nobody looked draws like any other, or fewer would be audited than the share says.
    for (const block of epochsSince(seen, present, limits.epochsCaughtUpMax)) {
      if (!(await lookAt(block))) return;
      seen = block;
    }
  }

  /** Has whatever is due in one epoch audited. False when that is to be tried again. */
  async function lookAt(block: number): Promise<boolean> {
    const [before, first] = await Promise.all([beacons.block(epochBlockBefore(block)), beacons.block(block)]);
    if (before === undefined || first === undefined) return false;
    const epoch = { beacon: first.hash, at: first.at, lastsMs: first.at - before.at };
    for (const job of unwatched.jobs()) {
      if (closing.signal.aborted) return false;
      const known = times.get(job) ?? timesOf(await receiptAt(job));
      if (known === undefined || first.at > known.at + auditRules.thawMs) {
        unwatched.drop(job);
        times.delete(job);
        continue;
      }
      times.set(job, known);
      const isDrawn = block >= known.from && isAuditDue(known, epoch, { ...auditRules, share });
      const kept = known.isDue || isDrawn ? await receiptAt(job) : undefined;
      if (kept !== undefined) await auditOne(job, { due: block, ...kept });
    }
    const there = new Set(unwatched.jobs());
    for (const job of times.keys()) if (!there.has(job)) times.delete(job);
    return true;
  }

  async function receiptAt(job: JobId) {
    const text = await unwatched.get(job);
    return text === undefined ? undefined : readUnwatched(text);
  }

  async function auditOne(job: JobId, kept: KeptUnwatched & { due: number }): Promise<void> {
    const { receipt, at, due: epoch, held } = kept;
    try {
      const showing = (shown: Proof) => keep({ at, receipt, due: epoch, held: shown });
      const late = held && (await reopen(ports, receipt, held, closing.signal));
      const audited =
        held === undefined || late === "not-closed"
          ? await audit(ports, receipt, epoch, closing.signal, showing)
          : late;
      if (audited === undefined) {
        if (held === undefined) keep(kept);
        return log.info("audit-not-held", { job, epoch });
      }
      const { verdict } = audited.ruling;
      keep(afterAudit({ at, receipt, due: epoch }, audited));
      const facts = { job, epoch, verdict, executor: receipt.proof.set.executor.node };
      if (verdict === "valid") log.info("audited", facts);
      else log.warn("audited", facts);
      await ports.found(job, audited);
      if (verdict !== "inconclusive") unwatched.drop(job);
    } catch (error) {
      // It is due all the same: few have a seat by chance, and now and then nobody has.
      if (isNobodyDrawn(error)) keep({ at, receipt, due: nextEpochBlock(epoch) });
      else log.warn("audit-failed", { job, error: kindOf(error) });
    }

    function keep(next: KeptUnwatched): void {
      times.delete(job);
      unwatched.put(job, writeUnwatched(next));
    }
  }
}

/**
 * What is kept of an answer whose audit settled nothing. Whoever did not open owes it still; who did has done its duty,
 * but where fewer opened beside it than it takes to convict, the next epoch draws others: few have a seat by chance, or
 * this process was gone while they opened.
 */
function afterAudit(
  { at, receipt, due }: KeptUnwatched & { due: number },
  { ruling, receipt: { proof } }: Audited,
) {
  const [executor] = ruling.members;
  if (executor?.complaint !== undefined) return { at, receipt, due, held: proof };
  const next = nextEpochBlock(due);
  return { at, receipt, ...(proof.openings.length > againstMin ? { from: next } : { due: next }) };
}

function isNobodyDrawn(error: unknown): boolean {
  return error instanceof HoldfastError && error.code === "nobody-drawn";
}

interface Times {
  readonly at: number;
  readonly sealed: string;
  readonly isDue: boolean;
  readonly from: number;
}

/** Undefined for a receipt in which nothing is sealed. */
function timesOf(kept: KeptUnwatched | undefined): Times | undefined {
  const sealed = kept?.receipt.proof.set.commits[0]?.sealed;
  return kept === undefined || sealed === undefined
    ? undefined
    : { at: kept.at, sealed, isDue: kept.due !== undefined, from: kept.from ?? 0 };
}
