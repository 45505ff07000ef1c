import * as z from "zod";
import { limits } from "./limits.ts";

/** A label is shown in terminals, which it must not steer. */
const labelSchema = z
  .string()
  .min(1)
  .regex(/^\P{Cc}*$/u);

/** What a classifier's numbers are about: see domain/verification/classes.ts. */
export const classesSchema = z.strictObject({
  labels: z
    .array(labelSchema)
    .min(1)
    .refine((labels) => JSON.stringify(labels).length <= limits.labelsLengthMax)
    .readonly(),
  activation: z.enum(["softmax", "sigmoid"]),
});
