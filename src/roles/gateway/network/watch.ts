import type { SessionKey } from "../../../domain/ids.ts";
import { rememberStatements } from "../../../domain/verification/equivocation.ts";
import type { Proof } from "../../../domain/verification/seat.ts";
import type { Log, Receipts, Verify } from "../../../ports.ts";
import type { KeptEquivocation } from "../../../protocol/equivocation.ts";
import { limits } from "../../../protocol/limits.ts";
import type { RunPorts } from "./run-job.ts";

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
  return (proof: Proof, offers: ReadonlyMap<SessionKey, string>) =>
    statements.note(proof).map((equivocation) => {
      const { node, sessionKey, one } = equivocation;
      const { job } = proof.set.answer;
      log.warn("equivocation", { job, node, seq: one.seq });
      const offer = offers.get(sessionKey);
      const vouching = offer === undefined ? [] : [JSON.parse(offer) as KeptEquivocation["offers"][number]];
      const kept: KeptEquivocation = { v: 1, market: { chainId, bonds }, equivocation, offers: vouching };
      evidence?.put(job, JSON.stringify(kept));
      return node;
    });
}
