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

/** An equivocation in a text; undefined where there is none. */
export function readEquivocation(text: string): KeptEquivocation | undefined {
  try {
    return keptSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
