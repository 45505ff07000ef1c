import type { Address, JobId, ModelId, SessionKey } from "../ids.ts";
import { fromBase64 } from "./base64.ts";
import type { Verify } from "./commit-set.ts";
import { dimensionsOf, embeddingStatement, type Vector } from "./embedding.ts";
import type { Report } from "./report.ts";
import { type Market712, type SignedStatement, statementDigest } from "./statement.ts";

/** What a client keeps of vectors that several nodes gave alike, and all that a stranger needs to check it. */
export interface ReplicationReceipt {
  readonly v: 1;
  readonly kind: "replication";
  readonly market: Market712;
  readonly job: JobId;
  readonly model: ModelId;
  readonly profile: string;
  /** Left out by a client that will not show them; then nobody can say what the vectors are of. */
  readonly inputs?: readonly string[];
  /** As they were sent: `values` is base64. */
  readonly vectors: readonly { readonly tokens: number; readonly values: string }[];
  readonly replicas: readonly SignedReplica[];
  /** Signed offers (protocol/offer.ts) by which nodes vouch for their session keys. */
  readonly offers: readonly { readonly body: string; readonly signature: string }[];
}

export interface SignedReplica {
  readonly sessionKey: SessionKey;
  readonly statement: SignedStatement;
}

export interface ReplicationRules {
  readonly verify: Verify;
  /** Which nodes vouch for a session key, by the receipt's offers whose signatures hold. */
  readonly vouchedBy: (key: SessionKey) => readonly Address[];
}

/**
 * Checks such a receipt from scratch. Signatures are over the inputs, so without these nothing signed can be put
 * together again: inconclusive. Invalid: somebody's signature is not on these vectors of these inputs.
 */
export function reportOnReplication(receipt: ReplicationReceipt, rules: ReplicationRules): Report {
  const vectors = decoded(receipt.vectors);
  if (vectors === undefined || dimensionsOf(vectors) === undefined)
    return report("invalid", "no-vectors: what it holds is none, or not of one length");
  if (receipt.inputs === undefined)
    return report("inconclusive", "no-inputs: the texts are not in it, and what was signed is about them");
  if (receipt.inputs.length !== vectors.length)
    return report("invalid", "other-inputs: there is not one vector for each text");
  const forged = receipt.replicas.some((replica) => !isSigned(receipt, replica, vectors, rules.verify));
  if (forged)
    return report("invalid", "forged-statement: a signature is not on these vectors of these texts");
  const nodes = new Set(receipt.replicas.flatMap(({ sessionKey }) => rules.vouchedBy(sessionKey)[0] ?? []));
  if (nodes.size < 2)
    return report(
      "inconclusive",
      `too-few: offers in it vouch for ${nodes.size} of the nodes, and two are needed`,
    );
  return report("valid", `agreed: ${nodes.size} nodes signed the same ${vectors.length} vectors`);
}

function isSigned(
  { market, job, model, profile, inputs = [] }: ReplicationReceipt,
  { sessionKey, statement }: SignedReplica,
  vectors: readonly Vector[],
  verify: Verify,
): boolean {
  const signed = embeddingStatement({ job, model, profile, inputs }, vectors, statement);
  return verify(sessionKey, statementDigest(market, signed), statement.signature);
}

function decoded(vectors: ReplicationReceipt["vectors"]): Vector[] | undefined {
  const found = vectors.flatMap(({ tokens, values }) => {
    const bytes = fromBase64(values);
    return bytes === undefined ? [] : [{ tokens, values: bytes }];
  });
  return found.length === vectors.length ? found : undefined;
}

function report(verdict: Report["verdict"], reason: string): Report {
  const checked = [
    "its form",
    "the vectors",
    ...(verdict === "valid" ? ["signatures", "who vouches for them"] : []),
  ];
  const notChecked = [
    "the model: nothing was computed again",
    "whether the nodes are independent of one another",
    ...(verdict === "valid" ? [] : ["what comes after that"]),
  ];
  return { verdict, reasons: [reason], checked, notChecked };
}
