import { existsSync } from "node:fs";
import { setDigest } from "../domain/verification/committee.ts";
import type { Receipt } from "../domain/verification/receipt.ts";
import { HoldfastError } from "../protocol/errors.ts";
import { type Evidence, readEvidence } from "../protocol/evidence.ts";
import { readReceipt } from "../protocol/receipt.ts";
import { readReceiptFile } from "./verify.ts";

/** What a dispute is about, and how far it came before. */
interface Disputed {
  readonly receipt: Receipt;
  readonly earlier: Evidence | undefined;
  /** Where its evidence goes. */
  readonly out: string;
}

/**
 * Reads a receipt, or the evidence of an earlier run, which goes on where it is. Evidence that lies at `out` already is of
 * the same receipt. Throws HoldfastError `not-a-receipt` or `other-evidence` (fault user), `receipt-unreadable` (fault
 * environment).
 */
export function readDisputed(file: string, named: string | undefined): Disputed {
  const given = readReceiptFile(file);
  const own = readEvidence(given);
  const receipt = own?.receipt ?? receiptIn(given);
  const beside = own === undefined ? `${file.replace(/\.json$/, "")}.evidence.json` : file;
  const out = named ?? beside;
  const there = existsSync(out) ? readEvidence(readReceiptFile(out)) : undefined;
  if (there !== undefined && idOf(there.receipt) !== idOf(receipt))
    throw new HoldfastError("There is evidence of another receipt where this one's would go.", {
      ...{ code: "other-evidence", fault: "user", facts: { file: out } },
      remedy: "Name another file with --out, or move that one away.",
    });
  return { receipt, earlier: own ?? there, out };
}

function receiptIn(given: string): Receipt {
  const receipt = readReceipt(given);
  if (!("complaint" in receipt)) return receipt;
  throw new HoldfastError("The file holds neither a receipt nor evidence.", {
    ...{ code: "not-a-receipt", fault: "user", facts: { reason: receipt.complaint } },
  });
}

/** One answer may be proved more than once, by others each time. */
function idOf({ proof }: Receipt): string {
  return Buffer.from(setDigest(proof.set)).toString("hex");
}
