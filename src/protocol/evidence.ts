import * as z from "zod";
import type { Address } from "../domain/ids.ts";
import type { Receipt } from "../domain/verification/receipt.ts";
import type { Proof } from "../domain/verification/seat.ts";
import { commitSetSchema, openingSchema } from "./committee.ts";
import { limits } from "./limits.ts";
import { signedOfferSchema } from "./offer.ts";
import { readReceipt } from "./receipt.ts";
import { addressSchema, seedSchema } from "./schemas.ts";

/** A contradiction as it lies on a disk (JSON): all that a stranger needs to settle it again. */
export interface Evidence {
  readonly v: 1;
  readonly kind: "dispute";
  readonly receipt: Receipt;
  readonly accused: Address;
  readonly accuser: Address;
  /** Position at which their leaves first lie apart; null where it was the tokens they judged otherwise. */
  readonly apartAt: number | null;
  /** The block whose hash draws the referees: the first of the epoch after the dispute came up. */
  readonly epoch: number;
  readonly settled?: Settled;
}

interface Settled {
  readonly reference: string;
  readonly referees: Proof;
  readonly offers: Receipt["offers"];
  readonly loser: "accused" | "accuser" | "nobody";
  /** abi.encode(bytes32 dispute, address loser), for the judge contract. */
  readonly word: string;
}

const evidenceSchema = z.strictObject({
  v: z.literal(1),
  kind: z.literal("dispute"),
  receipt: z.unknown(),
  accused: addressSchema,
  accuser: addressSchema,
  apartAt: z.int().min(0).nullable(),
  epoch: z.int().min(1).max(0xffffffff),
  settled: z
    .strictObject({
      reference: z.string().max(256),
      referees: z.strictObject({
        set: commitSetSchema,
        secret: seedSchema,
        openings: z.array(openingSchema).max(limits.committeeMax + 1),
      }),
      offers: z.array(signedOfferSchema).max(limits.receiptOffersMax),
      loser: z.enum(["accused", "accuser", "nobody"]),
      word: z.string().regex(/^0x[0-9a-f]{128}$/),
    })
    .exactOptional(),
});

/** Undefined for a text that is no evidence. */
export function readEvidence(text: string): Evidence | undefined {
  const { data } = evidenceSchema.safeParse(parsed(text));
  if (data === undefined) return undefined;
  const receipt = readReceipt(JSON.stringify(data.receipt ?? null));
  return "complaint" in receipt ? undefined : { ...data, receipt };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
