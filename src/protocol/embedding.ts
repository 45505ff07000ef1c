import * as z from "zod";
import { limits } from "./limits.ts";
import { jobIdSchema, modelIdSchema } from "./schemas.ts";

/** What crosses the wire when texts are turned into vectors; see domain/verification/embedding.ts for what is signed. */

/** Instead of `open`, and the only order of its attempt: turn each of these texts into a vector. */
export const embedOrderSchema = z.strictObject({
  t: z.literal("embed"),
  job: jobIdSchema,
  model: modelIdSchema,
  inputs: z.array(z.string()).min(1).max(limits.embeddingInputsMax),
  /** Time left for the whole job, ms. The provider stops by itself after it. */
  deadlineMs: z.number().min(1).max(limits.deadlineMsMax),
});

/** The vector of one text: float32, little-endian. They come in the order of the texts. */
export const vectorWordSchema = z.strictObject({
  t: z.literal("vector"),
  tokens: z.int().min(0).max(limits.requestBytesMax),
  values: z.base64().max(Math.ceil((4 * limits.embeddingDimensionsMax) / 3) * 4),
});

/** A node's signature on what all the vectors of an answer come to. */
export const embeddingStatementSchema = z.strictObject({
  seq: z.int().min(0),
  expiry: z.int().min(0),
  signature: z.base64().max(100),
});

/** That was all of them. */
export const embeddedWordSchema = z.strictObject({
  t: z.literal("embedded"),
  /** The numeric profile it computes with, as its offer states it. */
  profile: z.string().max(256),
  statement: embeddingStatementSchema,
});
