import * as z from "zod";
import type { Receipt } from "../domain/verification/receipt.ts";
import { chunkSchema, promptSchema, samplingSchema } from "./attempt.ts";
import { commitSetSchema, openingSchema } from "./committee.ts";
import { limits } from "./limits.ts";
import { signedOfferSchema } from "./offer.ts";
import { addressSchema, modelIdSchema, seedSchema, sessionKeySchema } from "./schemas.ts";

/** A receipt as it lies on a disk (JSON); see domain/verification/receipt.ts. */
const receiptSchema = z.strictObject({
  v: z.literal(1),
  market: z.strictObject({ chainId: z.int().min(1), bonds: addressSchema }),
  model: modelIdSchema,
  sampling: samplingSchema,
  tokensMax: z.int().min(1).max(limits.answerTokensMax),
  prompt: promptSchema.exactOptional(),
  promptDigest: seedSchema,
  chunks: z
    .array(z.strictObject({ chunk: chunkSchema, speaker: sessionKeySchema }))
    .min(1)
    .max(limits.answerTokensMax),
  proof: z.strictObject({
    set: commitSetSchema,
    secret: seedSchema,
    openings: z.array(openingSchema).max(limits.committeeMax + 1),
  }),
  offers: z.array(signedOfferSchema).max(limits.receiptOffersMax),
});

/** The receipt in a text, or the first thing that keeps the text from being one. */
export function readReceipt(text: string): Receipt | { readonly complaint: string } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { complaint: "it is not JSON" };
  }
  const { data, error } = receiptSchema.safeParse(parsed);
  if (data !== undefined) return data;
  const issue = error.issues[0]!;
  return { complaint: `at ${issue.path.join(".") || "its top"}: ${issue.message}` };
}
