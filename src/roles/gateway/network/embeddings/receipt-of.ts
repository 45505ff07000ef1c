import type { JobId } from "../../../../domain/ids.ts";
import type { Agreement } from "../../../../domain/verification/replication.ts";
import type { ReplicationReceipt } from "../../../../domain/verification/replication-receipt.ts";
import { limits } from "../../../../protocol/limits.ts";
import type { AnswerPorts } from "../answer.ts";
import type { EmbeddingAsk } from "./answer.ts";
import type { Testimony } from "./panel.ts";

/** What is kept of vectors that were agreed on, for a client that asked for it: the texts are in it. */
export function replicationReceiptOf(
  { proofs, roster }: AnswerPorts,
  { request, model }: EmbeddingAsk,
  { job, agreement, testimonies }: { job: JobId; agreement: Agreement; testimonies: readonly Testimony[] },
): ReplicationReceipt {
  const agreed = testimonies.filter(({ peer }) => agreement.by.includes(peer));
  const offers = agreed.flatMap(({ peer }) => roster.signedOf(peer) ?? []).slice(0, limits.receiptOffersMax);
  const { chainId, bonds } = proofs.market;
  return {
    ...{ v: 1, kind: "replication", market: { chainId, bonds }, job, model: model.id },
    ...{ profile: agreed[0]!.profile, inputs: request.inputs },
    ...(model.classes === undefined ? {} : { classes: model.classes }),
    vectors: agreed[0]!.vectors.map(({ tokens, encoded }) => ({ tokens, values: encoded })),
    replicas: agreed.map(({ sessionKey, statement }) => ({ sessionKey, statement })),
    offers: offers.map((text) => JSON.parse(text) as ReplicationReceipt["offers"][number]),
  };
}
