/** What independent nodes found about an answer. */
export type Verdict = "valid" | "invalid" | "inconclusive";

/** What a verdict rests on: margins of the tokens, or nothing at all. */
export type Basis = "tokens" | "none";

/** Counts over the positions of the answer that was delivered, witnesses other than its speakers. */
export interface Opinions {
  readonly positions: number;
  /** Positions that at least one witness has judged. */
  readonly judged: number;
  /** Positions that more witnesses accepted than rejected. */
  readonly accepted: number;
  /** Positions that more witnesses rejected than accepted. */
  readonly rejected: number;
}

/**
 * Valid needs every delivered position accepted; invalid one that a majority rejected. Everything else (a position
 * nobody got to, a tie) is inconclusive: it asks for one more witness and is never held against anyone.
 */
export function verdictOf({ positions, judged, accepted, rejected }: Opinions): {
  readonly verdict: Verdict;
  readonly basis: Basis;
} {
  if (judged === 0) return { verdict: "inconclusive", basis: "none" };
  if (rejected > 0) return { verdict: "invalid", basis: "tokens" };
  return { verdict: accepted >= positions ? "valid" : "inconclusive", basis: "tokens" };
}
