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
  /** The epoch in which those that were due before it were taken up. */
  let asked: number | undefined;
  /** What decides whether an answer is due, so that not all of them are read from the disk in each epoch. */
  const known = new Map<JobId, Times>();
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
    for (const job of present === asked ? [] : unwatched.jobs()) {
      const times = await timesAt(job);
      if (closing.signal.aborted) return;
      if (times?.due !== undefined && times.due <= present && !times.isRefused)
        await auditOne(job, times.due, present);
    }
    asked = present;
    // An epoch that passed while nobody looked draws like any other, or fewer would be audited than the share says.
    for (const block of epochsSince(seen, present, limits.epochsCaughtUpMax)) {
      if (!(await lookAt(block, present))) return;
      seen = block;
    }
  }

  /** Has what one epoch draws audited. False when that is to be tried again. */
  async function lookAt(block: number, present: number): Promise<boolean> {
    const [before, first] = await Promise.all([beacons.block(epochBlockBefore(block)), beacons.block(block)]);
    if (before === undefined || first === undefined) return false;
    const epoch = { beacon: first.hash, at: first.at, lastsMs: first.at - before.at };
    for (const job of unwatched.jobs()) {
      const times = await timesAt(job);
      if (closing.signal.aborted) return false;
      if (times === undefined) continue;
      if (first.at > times.at + auditRules.thawMs) {
        unwatched.drop(job);
        known.delete(job);
        continue;
      }
      const isDrawn = block >= times.from && isAuditDue(times, epoch, { ...auditRules, share });
      if (times.due === undefined && isDrawn) await auditOne(job, block, present);
    }
    const there = new Set(unwatched.jobs());
    for (const job of known.keys()) if (!there.has(job)) known.delete(job);
    return true;
  }

  /** What is known of one, read from the disk the first time. What was read and is no receipt is let go. */
  async function timesAt(job: JobId): Promise<Times | undefined> {
    const before = known.get(job);
    if (before !== undefined) return before;
    const text = await unwatched.get(job);
    const times = text === undefined ? undefined : timesOf(readUnwatched(text));
    if (times !== undefined) known.set(job, times);
    else if (text !== undefined) unwatched.drop(job);
    return times;
  }

  async function auditOne(job: JobId, due: number, present: number): Promise<void> {
    const text = await unwatched.get(job);
    const kept = text === undefined ? undefined : readUnwatched(text);
    if (kept === undefined) return;
    const answer: DueAnswer = { ...kept, due };
    const epoch = due;
    try {
      // Whoever is drawn stays so, even if this process is gone before anything came of it.
      if (!(await keep(answer)))
        return log.warn("audit-not-held", { job, epoch, reason: "nothing can be written" });
      const { audited, next } = await auditDue(ports, answer, { present, signal: closing.signal, keep });
      if (audited === undefined) log.info("audit-not-held", { job, epoch });
      else {
        const { verdict } = audited.ruling;
        const facts = { job, epoch, verdict, executor: answer.receipt.proof.set.executor.node };
        if (verdict === "valid") log.info("audited", facts);
        else log.warn("audited", facts);
        // With all that was opened, in case that what it came to cannot be kept now.
        await keep({ ...answer, held: audited.held });
        if (!(await ports.found(job, audited))) return;
      }
      if (next === "nothing") unwatched.drop(job);
      else if (next !== "unchanged") await keep(next);
    } catch (error) {
      log.warn("audit-failed", { job, error: kindOf(error) });
    }

    async function keep(next: KeptUnwatched): Promise<boolean> {
      // Known here even where it cannot be written.
      const times = timesOf(next);
      if (times !== undefined) known.set(job, times);
      unwatched.put(job, writeUnwatched(next));
      return await unwatched.written(job);
    }
  }
}

interface Times {
  readonly at: number;
  readonly sealed: string;
  readonly due: number | undefined;
  readonly isRefused: boolean;
  readonly from: number;
}

/** Undefined for a receipt in which nothing is sealed. */
function timesOf(kept: KeptUnwatched | undefined): Times | undefined {
  const sealed = kept?.receipt.proof.set.commits[0]?.sealed;
  return kept === undefined || sealed === undefined
    ? undefined
    : { at: kept.at, sealed, due: kept.due, isRefused: kept.refused === true, from: kept.from ?? 0 };
}
