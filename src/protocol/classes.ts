import * as z from "zod";
import { labelsBytes } from "../domain/verification/classes.ts";
import { limits } from "./limits.ts";

/** A label is shown in terminals, which it must not steer. */
const labelSchema = z
  .string("a label is missing")
  .min(1, "a label is empty")
  .regex(/^\P{Cc}*$/u, "a label holds control characters");

/** What a classifier's numbers are about: see domain/verification/classes.ts. */
export const classesSchema = z.strictObject({
  labels: z
    .array(labelSchema)
    .min(1, "there is none")
    .refine(
      (labels) => labelsBytes(labels) <= limits.labelsBytesMax,
      `they take more than ${limits.labelsBytesMax} bytes of an offer`,
    )
    .readonly(),
  activation: z.enum(["softmax", "sigmoid"]),
});
