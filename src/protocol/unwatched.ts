import type { Receipt } from "../domain/verification/receipt.ts";
import { readReceipt } from "./receipt.ts";

/** An answer that nobody watched, as a gateway keeps it for later audits: its receipt, and when it came, Unix ms. */
interface Unwatched {
  readonly at: number;
  readonly receipt: Receipt;
}

export function writeUnwatched(kept: Unwatched): string {
  return JSON.stringify(kept);
}

/** Undefined for what is none. */
export function readUnwatched(text: string): Unwatched | undefined {
  const { at, receipt: inside } = JSON.parse(text) as { at?: unknown; receipt?: unknown };
  const receipt = readReceipt(JSON.stringify(inside ?? null));
  return typeof at !== "number" || "complaint" in receipt ? undefined : { at, receipt };
}
