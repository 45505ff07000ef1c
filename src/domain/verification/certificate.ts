import type { Address, SessionKey } from "../ids.ts";
import type { Verify } from "./commit-set.ts";
import type { Committee } from "./committee.ts";
import type { Ruling } from "./ruling.ts";
import type { Proof } from "./seat.ts";
import {
  type Market712,
  type SignedStatement,
  type Statement,
  statementDigest,
  statementOf,
} from "./statement.ts";

/** Statements that agree, from the executor and the witnesses who stand for it: all a third party needs to act. */
export interface Certificate extends Omit<Statement, "seq" | "expiry"> {
  /** Who chose the committee: "client" convinces that client only. */
  readonly committee: Committee["kind"];
  readonly signers: readonly Signer[];
}

interface Signer extends SignedStatement {
  readonly node: Address;
  readonly sessionKey: SessionKey;
}

/** The certificate of a proof that was ruled valid; undefined for any other. */
export function certificateFrom({ set, secret, openings }: Proof, ruling: Ruling): Certificate | undefined {
  if (ruling.verdict !== "valid") return undefined;
  const standing = ruling.members.filter((member, at) => at === 0 || member.stands === "for");
  const signers = standing.flatMap(({ node }): Signer[] => {
    const { sessionKey } = [set.executor, ...set.witnesses].find((member) => member.node === node)!;
    return openings
      .filter((each) => each.node === node)
      .map(({ statement }) => ({ ...statement, node, sessionKey }));
  });
  const { spec, input, output, anchor } = statementOf(set, secret, "valid", { seq: 0, expiry: 0 });
  return { spec, input, output, anchor, committee: set.committee.kind, signers };
}

export type CertificateComplaint = "too-few" | "signer-twice" | "expired" | "forged";

/**
 * What is wrong with a certificate that `quorum` distinct nodes should have signed; undefined for nothing. Whether the
 * keys are the nodes' and the nodes a committee that nobody chose is for the caller, who has offers and stakes.
 * `now`: Unix ms. About 0.1 ms a signer.
 */
export function certificateComplaint(
  { signers, spec, input, output, anchor }: Certificate,
  {
    verify,
    market,
    quorum,
  }: { readonly verify: Verify; readonly market: Market712; readonly quorum: number },
  now: number,
): CertificateComplaint | undefined {
  if (signers.length < quorum) return "too-few";
  for (const name of ["node", "sessionKey"] as const)
    if (new Set(signers.map((signer) => signer[name].toLowerCase())).size < signers.length)
      return "signer-twice";
  if (signers.some(({ expiry }) => expiry <= now)) return "expired";
  const isSigned = ({ sessionKey, seq, expiry, signature }: Signer) =>
    verify(sessionKey, statementDigest(market, { spec, input, output, anchor, seq, expiry }), signature);
  return signers.every(isSigned) ? undefined : "forged";
}
