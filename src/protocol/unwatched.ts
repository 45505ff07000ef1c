import type { Receipt } from "../domain/verification/receipt.ts";
import { readReceipt } from "./receipt.ts";

/** An answer that nobody watched, as a gateway keeps it for later audits. */
export interface KeptUnwatched {
  readonly receipt: Receipt;
  /** When it came, Unix ms. */
  readonly at: number;
  /** First block of the epoch that drew it; it is due until it was audited, however long its executor stays away. */
  readonly due?: number;
}

export function writeUnwatched(kept: KeptUnwatched): string {
  return JSON.stringify(kept);
}

/** Undefined for what is none. */
export function readUnwatched(text: string): KeptUnwatched | undefined {
  const { at, due, receipt: inside } = parsed(text);
  const receipt = readReceipt(JSON.stringify(inside ?? null));
  if (typeof at !== "number" || "complaint" in receipt) return undefined;
  return { at, receipt, ...(typeof due === "number" ? { due } : {}) };
}

function parsed(text: string): { readonly [Name in keyof KeptUnwatched]?: unknown } {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}
