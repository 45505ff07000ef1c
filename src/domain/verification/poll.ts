import { type Agreement, agreementOf, type Replica, voicesLacking } from "./replication.ts";

/** How far a job among replicas has come. */
export interface Poll {
  readonly replicas: readonly Replica[];
  readonly quorum: number;
  /** Asked for by the client, and not asked yet. */
  readonly unasked: number;
  /** Under way, and heard of lately. */
  readonly awaited: number;
  /** Under way, and silent for too long to be counted on. */
  readonly late: number;
  /** Attempts that may still be made: nobody is left to ask, or enough were asked, at 0. */
  readonly left: number;
  /** Will nothing do but an agreement? */
  readonly strict: boolean;
}

export type Move =
  | { readonly kind: "settle"; readonly agreement: Agreement }
  | { readonly kind: "ask"; readonly count: number }
  | { readonly kind: "wait" }
  /** More cannot be had. */
  | { readonly kind: "conclude" };

/** What to do next: ask as many as the client wants, settle as soon as enough agree, and replace those who cannot help. */
export function nextMove({ replicas, quorum, unasked, awaited, late, left, strict }: Poll): Move {
  const agreement = agreementOf(replicas, quorum);
  if (agreement !== undefined) return { kind: "settle", agreement };
  const count = Math.min(left, Math.max(unasked, voicesLacking(replicas, quorum) - awaited));
  if (count > 0) return { kind: "ask", count };
  const hopeful = late > 0 && (strict || replicas.length === 0);
  return awaited > 0 || hopeful ? { kind: "wait" } : { kind: "conclude" };
}
