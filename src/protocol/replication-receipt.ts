import * as z from "zod";
import type { ReplicationReceipt } from "../domain/verification/replication-receipt.ts";
import { classesSchema } from "./classes.ts";
import { embeddingStatementSchema, vectorWordSchema } from "./embedding.ts";
import { limits } from "./limits.ts";
import { signedOfferSchema } from "./offer.ts";
import { addressSchema, jobIdSchema, modelIdSchema, sessionKeySchema } from "./schemas.ts";

/** Such a receipt as it lies on a disk (JSON). */
const schema = z.strictObject({
  v: z.literal(1),
  kind: z.literal("replication"),
  market: z.strictObject({ chainId: z.int().min(1), bonds: addressSchema }),
  job: jobIdSchema,
  model: modelIdSchema,
  profile: z.string().max(256),
  classes: classesSchema.exactOptional(),
  inputs: z.array(z.string()).max(limits.embeddingInputsMax).exactOptional(),
  vectors: z
    .array(vectorWordSchema.omit({ t: true }))
    .min(1)
    .max(limits.embeddingInputsMax),
  replicas: z
    .array(z.strictObject({ sessionKey: sessionKeySchema, statement: embeddingStatementSchema }))
    .max(limits.committeeMax + 1),
  offers: z.array(signedOfferSchema).max(limits.receiptOffersMax),
});

/** The receipt of vectors in a text; undefined when it is of something else, or of nothing. */
export function readReplicationReceipt(text: string): ReplicationReceipt | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
