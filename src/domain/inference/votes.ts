import type { PeerId } from "../ids.ts";
import type { Held, JobState } from "./state.ts";

/**
 * Where a chunk stands with its witnesses. One dissent condemns nobody: it opens a dispute, which a further witness
 * decides. "accepted" and "rejected" each need more votes than the other side, "rejected" at least two.
 */
export type Standing = "open" | "accepted" | "disputed" | "rejected";

type Voters = Pick<JobState, "strangers" | "sampling" | "unverified">;

/**
 * Where some providers of the model have a stake, those without one are strangers: any number of them costs nothing.
 * Their votes yield to the first of anybody else's. Until then they accept nothing, and say nothing against a speaker
 * who has a stake; another stranger they can doubt or drop, as they could where nobody has any.
 *
 * Who looks at some positions only has not contradicted a rejection by accepting: it may have looked elsewhere. So once
 * somebody rejects, its acceptance outvotes nobody; nor does it leave fewer voices to condemn a speaker with. The same of
 * who has an engine of a kind that was never tried as it is usually run: it may have mistaken what that showed.
 */
export function standingOf(held: Pick<Held, "speaker" | "accepts" | "rejects">, voters: Voters): Standing {
  const { speaker, accepts, rejects } = held;
  const decisive = balanceOf(withSay(accepts, voters), withSay(rejects, voters).length, voters);
  if (decisive !== "open" || !isStranger(speaker, voters)) return decisive;
  const among = balanceOf(accepts, rejects.length, voters);
  return among === "accepted" ? "open" : among;
}

/** Those whose votes count whatever strangers say. */
export function withSay(peers: readonly PeerId[], voters: Voters): readonly PeerId[] {
  return voters.strangers.length === 0 ? peers : peers.filter((peer) => !isStranger(peer, voters));
}

export function isStranger(peer: PeerId, { strangers }: Pick<Voters, "strangers">): boolean {
  return strangers.includes(peer);
}

function balanceOf(accepts: readonly PeerId[], rejects: number, { sampling, unverified }: Voters): Standing {
  if (rejects === 0) return accepts.length === 0 ? "open" : "accepted";
  const sawAll = accepts.filter((peer) => !sampling.includes(peer) && !unverified.includes(peer)).length;
  if (sawAll > rejects) return "accepted";
  return rejects >= 2 && rejects > accepts.length ? "rejected" : "disputed";
}
