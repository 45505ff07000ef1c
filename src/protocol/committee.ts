import * as z from "zod";
import { limits } from "./limits.ts";
import { addressSchema, jobIdSchema, seedSchema, sessionKeySchema } from "./schemas.ts";

/** What crosses the wire, and stands in receipts, of commit and reveal; see domain/verification/committee.ts. */

const signature = z.base64().max(100);
const verdict = z.enum(["valid", "invalid", "inconclusive"]);
/** Far above any chain's, and a u32 all the same. */
export const blockSchema = z.int().min(0).max(0xffffffff);
const tokens = z.int().min(0).max(limits.answerTokensMax);

export const answerIdSchema = z.strictObject({
  job: jobIdSchema,
  spec: seedSchema,
  input: seedSchema,
  transcript: seedSchema,
  tokens,
});

export const commitSchema = z.strictObject({ node: addressSchema, sealed: seedSchema, signature });

const memberSchema = z.strictObject({
  node: addressSchema,
  sessionKey: sessionKeySchema,
  profile: z.string().max(256),
});

export const commitSetSchema = z.strictObject({
  answer: answerIdSchema,
  committee: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("client"), secretHash: seedSchema }),
    z.strictObject({ kind: z.literal("drawn"), epoch: blockSchema, block: blockSchema }),
  ]),
  executor: memberSchema,
  witnesses: z.array(memberSchema).max(limits.committeeMax),
  commits: z.array(commitSchema).max(limits.committeeMax + 1),
});

export const openingSchema = z.strictObject({
  node: addressSchema,
  salt: seedSchema,
  root: seedSchema,
  verdict,
  leaves: z.base64().max(limits.openingBytesMax),
  siblings: z.base64().max(limits.openingBytesMax),
  statement: z.strictObject({
    seq: z.int().min(0),
    expiry: z.int().min(0),
    signature,
  }),
});
