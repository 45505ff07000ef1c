import type { Address, JobId, ModelId, SessionKey } from "../ids.ts";
import { fromBase64 } from "./base64.ts";
import { type Classes, classesKey } from "./classes.ts";
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
  /** What the numbers are about, where they are a classifier's. */
  readonly classes?: Classes;
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

/** The vectors of a receipt's texts as one's own model gives them, base64. */
export interface Recomputed {
  readonly profile: string;
  readonly classes?: Classes | undefined;
  readonly vectors: readonly string[];
}

/**
 * Checks such a receipt from scratch. Invalid: a signature is not on these vectors of these texts, or one's own model
 * with the same arithmetic gives others. Valid takes two nodes that are vouched for, or one's own model; without the
 * texts nothing signed can be put together again.
 */
export function reportOnReplication(
  receipt: ReplicationReceipt,
  { verify, vouchedBy }: ReplicationRules,
  again?: Recomputed,
): Report {
  const vectors = decoded(receipt.vectors);
  if (vectors === undefined || dimensionsOf(vectors) === undefined)
    return report("invalid", "no-vectors: what it holds is none, or not of one length");
  if (receipt.inputs === undefined)
    return report("inconclusive", "no-inputs: the texts are not in it, and what was signed is about them");
  if (receipt.inputs.length !== vectors.length)
    return report("invalid", "other-inputs: there is not one vector for each text");
  if (receipt.replicas.some((replica) => !isSigned(receipt, replica, vectors, verify)))
    return report("invalid", "forged-statement: a signature is not on these vectors of these texts");
  const own = comparison(receipt, again);
  if (own === "other")
    return report("invalid", "other-vectors: the model itself gives others, with the same arithmetic", own);
  const nodes = new Set(receipt.replicas.flatMap(({ sessionKey }) => vouchedBy(sessionKey)[0] ?? [])).size;
  if (own === "same") return report("valid", "computed: the model itself gives them, to the bit", own);
  if (nodes >= 2)
    return report("valid", `agreed: ${nodes} nodes signed the same ${vectors.length} vectors`, own);
  return report(
    "inconclusive",
    `too-few: offers in it vouch for ${nodes} of the nodes, and two are needed`,
    own,
  );
}

type Comparison = "same" | "other" | "incomparable" | "none";

function comparison(
  { profile, classes, vectors }: ReplicationReceipt,
  again: Recomputed | undefined,
): Comparison {
  if (again === undefined) return "none";
  if (classesKey(classes) !== classesKey(again.classes)) return "other";
  if (again.profile !== profile) return "incomparable";
  return vectors.every(({ values }, at) => values === again.vectors[at]) ? "same" : "other";
}

function isSigned(
  { market, job, model, profile, classes, inputs = [] }: ReplicationReceipt,
  { sessionKey, statement }: SignedReplica,
  vectors: readonly Vector[],
  verify: Verify,
): boolean {
  const signed = embeddingStatement({ job, model, profile, classes, inputs }, vectors, statement);
  return verify(sessionKey, statementDigest(market, signed), statement.signature);
}

function decoded(vectors: ReplicationReceipt["vectors"]): Vector[] | undefined {
  const found = vectors.flatMap(({ tokens, values }) => {
    const bytes = fromBase64(values);
    return bytes === undefined ? [] : [{ tokens, values: bytes }];
  });
  return found.length === vectors.length ? found : undefined;
}

/** `own`: given once everything before it was checked. */
function report(verdict: Report["verdict"], reason: string, own?: Comparison): Report {
  const isComputed = own === "same" || own === "other";
  const past = own === undefined ? [] : ["its signatures", "who vouches for those who signed"];
  return {
    verdict,
    reasons: [reason],
    checked: [
      "its form",
      "that it holds vectors",
      ...past,
      ...(isComputed ? ["the vectors, computed again"] : []),
    ],
    notChecked: [
      ...(own === undefined ? ["its signatures"] : []),
      ...(isComputed ? [] : [computed(own)]),
      independence,
    ],
  };
}

const independence = "whether the nodes are independent of one another";

function computed(own: Comparison | undefined): string {
  const arithmetic = "the model: this machine's arithmetic is another, so that bits cannot be compared";
  return own === "incomparable" ? arithmetic : "the model: nothing was computed again";
}
