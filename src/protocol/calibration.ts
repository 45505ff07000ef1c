import * as z from "zod";
import type { Tolerances } from "../domain/verification/tolerance.ts";
import { limits } from "./limits.ts";
import { modelIdSchema } from "./schemas.ts";

/** What is known of honest nodes' differences: recorded, fitted and tested by `holdfast calibrate`. */

const bound = z.number().min(0).max(1_000);
const thresholds = z
  .array(z.object({ from: z.int().min(1).max(limits.answerTokensMax), near: bound, far: bound }))
  .max(16)
  .readonly();

const pairSchema = z.object({
  /** Numeric profiles as offers state them, in either order. `*` stands for anything: profiles that were pooled. */
  one: z.string().max(256),
  other: z.string().max(256),
  tolerance: z.object({ distance: thresholds, margin: thresholds, marginMax: bound }),
  /** Honest answers that the bounds were fitted to, and others that they were then tried on. */
  fitted: z.int().min(0),
  tested: z.object({
    answers: z.int().min(0),
    convicted: z.int().min(0),
    inconclusive: z.int().min(0),
    /** Upper end of the exact 95 % interval of the share convicted. */
    convictedMost: z.number().min(0).max(1),
  }),
});

export const calibrationSchema = z.object({
  /** 2: distances are relative, root mean squares in noises; they were means in logits before. */
  v: z.literal(2, { error: "bounds of another version, whose distances were measured otherwise" }),
  model: modelIdSchema,
  madeAt: z.iso.datetime(),
  /** How the tail beyond what was seen was guessed. */
  tail: z.literal("exponential beyond the 95th percentile"),
  pairs: z.array(pairSchema).max(limits.calibratedPairsMax),
});

export const signedCalibrationSchema = z.strictObject({
  body: z.string().max(limits.calibrationBytesMax),
  signature: z.string().regex(/^0x[0-9a-f]{130}$/),
});

export type Calibration = z.infer<typeof calibrationSchema>;
export type CalibratedPair = z.infer<typeof pairSchema>;
export type SignedCalibration = z.infer<typeof signedCalibrationSchema>;

/** The bounds of the first pair that fits; undefined for profiles that nobody has calibrated. */
export function tolerancesOf(pairs: readonly CalibratedPair[]): Tolerances {
  return (a, b) =>
    pairs.find(({ one, other }) => (fits(one, a) && fits(other, b)) || (fits(one, b) && fits(other, a)))
      ?.tolerance;
}

/** Does the profile have the pattern's parts in their order, the first at its beginning and the last at its end? */
function fits(pattern: string, profile: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return pattern === profile;
  if (!profile.startsWith(first)) return false;
  let at = first.length;
  for (const [index, part] of rest.entries()) {
    const isLast = index === rest.length - 1;
    const found = isLast ? profile.length - part.length : profile.indexOf(part, at);
    if (found < at || !profile.startsWith(part, found)) return false;
    at = found + part.length;
  }
  return true;
}
