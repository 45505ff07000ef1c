import type { JobId } from "../../domain/ids.ts";
import { auditRules, isAuditDue } from "../../domain/verification/audit.ts";
import { epochBlockBefore, epochBlockOf, epochsSince } from "../../domain/verification/epoch.ts";
import type { Receipts } from "../../ports.ts";
import { kindOf } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { type KeptUnwatched, readUnwatched, writeUnwatched } from "../../protocol/unwatched.ts";
import type { Audited, AuditPorts } from "./audit.ts";
import { auditDue, type DueAnswer } from "./due.ts";

export interface AuditsPorts extends AuditPorts {
  /** Answers that nobody watched; each goes when its stake could not be slashed any more, or it was audited. */
  readonly unwatched: Pick<Receipts, "put" | "get" | "jobs" | "drop" | "written">;
  /** Heeds what an audit came to. True once that is on the disk, so that the answer may be let go. */
  readonly found: (job: JobId, audited: Audited) => Promise<boolean>;
}

/**
 * The standing duty of whoever holds the prompts: in each epoch, has those of its unwatched answers audited that the
 * epoch's beacon draws. Nobody can tell before which these are, the one who holds them included. An executor that sees
 * itself drawn and stays away evades nothing: its answer stays due until it has opened (due.ts).
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
      const isDue = known.due === undefined ? isDrawn : known.due <= block;
      const kept = isDue ? await receiptAt(job) : undefined;
      if (kept !== undefined) await auditOne(job, { due: block, ...kept }, block);
    }
    const there = new Set(unwatched.jobs());
    for (const job of times.keys()) if (!there.has(job)) times.delete(job);
    return true;
  }

  async function receiptAt(job: JobId) {
    const text = await unwatched.get(job);
    return text === undefined ? undefined : readUnwatched(text);
  }

  async function auditOne(job: JobId, kept: DueAnswer, present: number): Promise<void> {
    const { due: epoch, receipt } = kept;
    try {
      // Whoever is drawn stays so, even if this process is gone before anything came of it.
      if (!(await keep(kept)))
        return log.warn("audit-not-held", { job, epoch, reason: "nothing can be written" });
      const { audited, next } = await auditDue(ports, kept, { present, signal: closing.signal, keep });
      if (audited === undefined) log.info("audit-not-held", { job, epoch });
      else {
        const { verdict } = audited.ruling;
        const facts = { job, epoch, verdict, executor: receipt.proof.set.executor.node };
        if (verdict === "valid") log.info("audited", facts);
        else log.warn("audited", facts);
        // What it came to is on the disk before what it came of is let go.
        if (!(await ports.found(job, audited))) return;
      }
      if (next === undefined) unwatched.drop(job);
      else if (next !== kept) await keep(next);
    } catch (error) {
      log.warn("audit-failed", { job, error: kindOf(error) });
    }

    function keep(next: KeptUnwatched): Promise<boolean> {
      times.delete(job);
      unwatched.put(job, writeUnwatched(next));
      return unwatched.written(job);
    }
  }
}

interface Times {
  readonly at: number;
  readonly sealed: string;
  readonly due: number | undefined;
  readonly from: number;
}

/** Undefined for a receipt in which nothing is sealed. */
function timesOf(kept: KeptUnwatched | undefined): Times | undefined {
  const sealed = kept?.receipt.proof.set.commits[0]?.sealed;
  return kept === undefined || sealed === undefined
    ? undefined
    : { at: kept.at, sealed, due: kept.due, from: kept.from ?? 0 };
}
