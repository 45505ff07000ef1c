import { verify } from "../adapters/keys/session.ts";
import type { Address, SessionKey } from "../domain/ids.ts";
import { isEquivocation } from "../domain/verification/equivocation.ts";
import type { Report } from "../domain/verification/report.ts";
import { type KeptEquivocation, readEquivocations } from "../protocol/equivocation.ts";

interface Means {
  readonly vouchedKeys: (
    kept: Pick<KeptEquivocation, "offers" | "market">,
  ) => Promise<Map<SessionKey, Address[]>>;
}

/**
 * What a stranger makes of equivocations; undefined for a text that holds none. Valid: each of the nodes did say two things
 * under one number, and so is convicted by itself.
 */
export async function reportOnEquivocations(text: string, means: Means): Promise<Report | undefined> {
  const all = readEquivocations(text);
  if (all === undefined) return undefined;
  const findings = await Promise.all(all.map((kept) => findingOn(kept, means)));
  const isOf = (verdict: Report["verdict"]) => findings.some((finding) => finding.verdict === verdict);
  return {
    verdict: isOf("invalid") ? "invalid" : isOf("inconclusive") ? "inconclusive" : "valid",
    reasons: findings.map(({ reason }) => reason),
    checked: ["both statements' signatures", "the offer by which the node vouches for that key"],
    notChecked: ["the node's bond: it is on the chain"],
  };
}

async function findingOn(
  { equivocation, ...kept }: KeptEquivocation,
  { vouchedKeys }: Means,
): Promise<{ readonly verdict: Report["verdict"]; readonly reason: string }> {
  const { node, sessionKey, one } = equivocation;
  if (!isEquivocation(equivocation, { market: kept.market, verify })) {
    const reason = "no-equivocation: these are not two things that one key signed under one number.";
    return { verdict: "invalid", reason };
  }
  const isVouched = (await vouchedKeys(kept)).get(sessionKey)?.includes(node) === true;
  if (!isVouched)
    return {
      verdict: "inconclusive",
      reason: `not-vouched-for: no offer of ${node} here names the key that signed them.`,
    };
  const reason = `equivocation: ${node} signed two different things under the number ${one.seq}.`;
  return { verdict: "valid", reason };
}
