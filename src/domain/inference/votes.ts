import type { Held } from "./state.ts";

/**
 * Where a chunk stands with its witnesses. One dissent condemns nobody: it opens a dispute, which a further witness
 * decides. "accepted" and "rejected" each need more votes than the other side, "rejected" at least two.
 */
export type Standing = "open" | "accepted" | "disputed" | "rejected";

export function standingOf({ accepts, rejects }: Pick<Held, "accepts" | "rejects">): Standing {
  if (rejects.length === 0) return accepts.length === 0 ? "open" : "accepted";
  if (accepts.length > rejects.length) return "accepted";
  return rejects.length >= 2 && rejects.length > accepts.length ? "rejected" : "disputed";
}
