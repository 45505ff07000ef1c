import type { JobId, PeerId } from "../../../domain/ids.ts";
import type { Receipts } from "../../../ports.ts";
import { readReceipt } from "../../../protocol/receipt.ts";
import type { Audited } from "../../auditor/audit.ts";
import { clientsReceipt } from "./unwatched.ts";

export interface AuditedPorts {
  readonly receipts: Pick<Receipts, "get" | "put" | "written">;
  readonly evidence: Pick<Receipts, "put" | "written">;
  /** It lied: it is not asked any more. */
  readonly condemn: (peer: PeerId) => void;
}

/**
 * An audited receipt takes the place of the client's; a lie is kept whole besides, as evidence for a dispute. False where
 * that could not be kept.
 */
export function keepAudited({ receipts, evidence, condemn }: AuditedPorts) {
  return async (job: JobId, { receipt, ruling, peer }: Audited): Promise<boolean> => {
    const receiptPrompt = "prompt" in readReceipt((await receipts.get(job)) ?? "");
    receipts.put(job, JSON.stringify(clientsReceipt(receipt, { receiptPrompt })));
    const isKept = receipts.written(job);
    if (ruling.verdict !== "invalid") return await isKept;
    condemn(peer);
    evidence.put(job, JSON.stringify(receipt));
    return await evidence.written(job);
  };
}
