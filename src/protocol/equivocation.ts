import * as z from "zod";
import type { Equivocation } from "../domain/verification/equivocation.ts";
import type { Receipt } from "../domain/verification/receipt.ts";
import { limits } from "./limits.ts";
import { signedOfferSchema } from "./offer.ts";
import { addressSchema, seedSchema, sessionKeySchema } from "./schemas.ts";

/**
 * An equivocation as it lies on a disk (JSON): two statements under one number, field for field what a judge contract
 * takes, and the offers by which the node vouches for the key that signed them.
 */
export interface KeptEquivocation extends Pick<Receipt, "market" | "offers"> {
  readonly v: 1;
  readonly equivocation: Equivocation;
}

const signedSchema = z.strictObject({
  ...{ spec: seedSchema, input: seedSchema, output: seedSchema, anchor: seedSchema },
  ...{ seq: z.int().min(0), expiry: z.int().min(0), signature: z.base64().max(100) },
});

const keptSchema = z.strictObject({
  v: z.literal(1),
  market: z.strictObject({ chainId: z.int().min(1), bonds: addressSchema }),
  equivocation: z.strictObject({
    ...{ node: addressSchema, sessionKey: sessionKeySchema, one: signedSchema, other: signedSchema },
  }),
  offers: z.array(signedOfferSchema).max(limits.receiptOffersMax),
});

/** One by itself, or a list of all that came up in one job. */
const allSchema = z.array(keptSchema).min(1).max(limits.equivocationsMax);

/** The equivocations in a text; undefined where it holds none, or anything else. */
export function readEquivocations(text: string): readonly KeptEquivocation[] | undefined {
  try {
    return allSchema.safeParse([JSON.parse(text)].flat()).data;
  } catch {
    return undefined;
  }
}
