import * as z from "zod";
import { payloadType, predicateType } from "../domain/verification/attestation.ts";
import type { Receipt } from "../domain/verification/receipt.ts";
import { chunkSchema, promptSchema, samplingSchema } from "./attempt.ts";
import { blockSchema, commitSetSchema, openingSchema } from "./committee.ts";
import { firstIssue } from "./first-issue.ts";
import { limits } from "./limits.ts";
import { signedOfferSchema } from "./offer.ts";
import { addressSchema, modelIdSchema, seedSchema, sessionKeySchema } from "./schemas.ts";

const drawnAnswerSchema = z.strictObject({
  request: seedSchema,
  block: blockSchema,
  witnesses: z.int().min(1).max(limits.witnessesMax),
  beacon: seedSchema,
  seed: seedSchema,
  limit: z.int().min(1).max(limits.answerTokensMax),
  notes: z
    .array(
      z.strictObject({
        node: addressSchema,
        sessionKey: sessionKeySchema,
        head: blockSchema,
        signature: z.base64().max(100),
      }),
    )
    .max(limits.receiptNotesMax),
});

export const proofSchema = z.strictObject({
  set: commitSetSchema,
  secret: seedSchema,
  openings: z.array(openingSchema).max(limits.committeeMax + 1),
});

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
  proof: proofSchema,
  drawn: drawnAnswerSchema.exactOptional(),
  offers: z.array(signedOfferSchema).max(limits.receiptOffersMax),
});

/** A signed envelope (DSSE) around an attestation (in-toto), whose predicate is a receipt. */
const envelopeSchema = z.object({
  payloadType: z.literal(payloadType),
  payload: z.base64(),
  signatures: z
    .array(z.object({ keyid: z.string().max(100), sig: z.base64().max(200) }))
    .min(1)
    .max(16),
});

export type Envelope = z.infer<typeof envelopeSchema>;

const attestationSchema = z.object({ predicateType: z.literal(predicateType), predicate: z.unknown() });

/** The receipt in a text, bare or as the predicate of an attestation; or what keeps the text from being one. */
export function readReceipt(text: string): Receipt | { readonly complaint: string } {
  const json = parsed(text);
  const attested = attestationSchema.safeParse(json).data;
  const { data, error } = receiptSchema.safeParse(attested?.predicate ?? json);
  if (data !== undefined) return data;
  return { complaint: firstIssue(error) };
}

/** A DSSE envelope in a text; undefined where there is none. */
export function readEnvelope(text: string): Envelope | undefined {
  return envelopeSchema.safeParse(parsed(text)).data;
}

/** Undefined for what is not JSON, which no schema takes. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
