import type { JobId, SessionKey } from "../../../domain/ids.ts";
import { rememberStatements } from "../../../domain/verification/equivocation.ts";
import type { Proof } from "../../../domain/verification/seat.ts";
import type { Log, Receipts, Verify } from "../../../ports.ts";
import type { KeptEquivocation } from "../../../protocol/equivocation.ts";
import { limits } from "../../../protocol/limits.ts";
import type { RunPorts } from "./job-ports.ts";

export interface WatchPorts {
  readonly verify: Verify;
  readonly log: Log;
  readonly proofs: RunPorts["proofs"];
  readonly evidence?: Pick<Receipts, "put">;
}

/** Watches over all answers whether nodes keep to what they signed, and keeps the evidence of those that do not. */
export function createWatch({ verify, log, proofs, evidence }: WatchPorts): RunPorts["heard"] {
  const { chainId, bonds } = proofs.market;
  const statements = rememberStatements(limits.statementsRemembered, { market: proofs.market, verify });
  const keep = evidence && keptByJob(evidence);
  return (proof: Proof, offers: ReadonlyMap<SessionKey, string>) => {
    const found = statements.note(proof);
    const { job } = proof.set.answer;
    for (const { node, one } of found) log.warn("equivocation", { job, node, seq: one.seq });
    const kept = found.map((equivocation): KeptEquivocation => {
      const offer = offers.get(equivocation.sessionKey);
      const vouching = offer === undefined ? [] : [JSON.parse(offer) as KeptEquivocation["offers"][number]];
      return { v: 1, market: { chainId, bonds }, equivocation, offers: vouching };
    });
    if (kept.length > 0) keep?.(job, kept);
    return found.map(({ node }) => node);
  };
}

/** One file holds all of a job, whose rounds may each bring some. */
function keptByJob(evidence: Pick<Receipts, "put">) {
  const jobs = new Map<JobId, readonly KeptEquivocation[]>();
  return (job: JobId, more: readonly KeptEquivocation[]) => {
    const all = [...(jobs.get(job) ?? []), ...more].slice(0, limits.equivocationsMax);
    jobs.set(job, all);
    for (const oldest of jobs.keys()) {
      if (jobs.size <= limits.equivocationJobsRemembered) break;
      jobs.delete(oldest);
    }
    evidence.put(job, JSON.stringify(all));
  };
}
