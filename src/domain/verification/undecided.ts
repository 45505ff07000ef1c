import { againstMin, quorumOf, type Ruling } from "./ruling.ts";

/**
 * Could one more honest witness settle what this committee did not? Only where the executor opened, and one voice is
 * what a side lacks: somebody dissents or lies, or has no voice because it kept its envelope closed. Where nobody could
 * tell (too few positions, profiles never compared) one more could not either, and it is left at that.
 *
 * Whoever has no voice has no seat when the committee meets again.
 */
export function isUndecided({ verdict, members }: Pick<Ruling, "verdict" | "members">): boolean {
  const [executor, ...witnesses] = members;
  if (verdict !== "inconclusive" || executor === undefined || executor.complaint !== undefined) return false;
  const heard = witnesses.filter(({ complaint }) => complaint === undefined);
  const quorum = quorumOf(heard.length + 1);
  const withOneMore = (side: "for" | "against") => 1 + heard.filter(({ stands }) => stands === side).length;
  return withOneMore("for") >= quorum || withOneMore("against") >= Math.max(againstMin, quorum);
}
