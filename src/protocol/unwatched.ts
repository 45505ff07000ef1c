import * as z from "zod";
import type { Receipt } from "../domain/verification/receipt.ts";
import type { Proof } from "../domain/verification/seat.ts";
import { limits } from "./limits.ts";
import { signedOfferSchema } from "./offer.ts";
import { proofSchema, readReceipt } from "./receipt.ts";

/** An answer that nobody watched, as a gateway keeps it for later audits. */
export interface KeptUnwatched {
  readonly receipt: Receipt;
  /** When it came, Unix ms. */
  readonly at: number;
  /** First block of the epoch that draws its auditors; it is due until it was audited, however long its executor stays away. */
  readonly due?: number;
  /** First block of the epochs that may draw it again: its executor opens once in each, and has in that before. */
  readonly from?: number;
  /** Its executor says that it opened for others in that epoch: nobody reads the answer in vain again. */
  readonly refused?: true;
  /** The audit that its executor has not opened for. */
  readonly held?: HeldAudit;
}

/** An audit as its committee was shown it, with what was opened. */
export interface HeldAudit {
  readonly proof: Proof;
  /** Signed offers of all its members. */
  readonly offers: Receipt["offers"];
}

const heldSchema = z.object({
  proof: proofSchema,
  offers: z.array(signedOfferSchema).max(limits.receiptOffersMax),
});

export function writeUnwatched(kept: KeptUnwatched): string {
  return JSON.stringify(kept);
}

/** Undefined for what is none. */
export function readUnwatched(text: string): KeptUnwatched | undefined {
  const { at, due, from, refused, receipt: inside, held } = parsed(text);
  const receipt = readReceipt(JSON.stringify(inside ?? null));
  if (typeof at !== "number" || "complaint" in receipt) return undefined;
  const shown = heldSchema.safeParse(held).data;
  return {
    ...{ at, receipt },
    ...(typeof due === "number" ? { due } : {}),
    ...(typeof from === "number" ? { from } : {}),
    ...(refused === true ? { refused } : {}),
    ...(shown && { held: shown }),
  };
}

function parsed(text: string): { readonly [Name in keyof KeptUnwatched]?: unknown } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
