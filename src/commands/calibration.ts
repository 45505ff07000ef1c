import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { calibrationSigner } from "../adapters/keys/calibration-signature.ts";
import type { Address } from "../domain/ids.ts";
import type { Tolerances } from "../domain/verification/tolerance.ts";
import { shippedPairs } from "../protocol/calibration.generated.ts";
import { calibrationSchema, signedCalibrationSchema, tolerancesOf } from "../protocol/calibration.ts";
import { HoldfastError } from "../protocol/errors.ts";
import { firstIssue } from "../protocol/first-issue.ts";

/**
 * Bounds on honest differences: this node's own, when it has calibrated (`calibration.json` in its home folder, signed
 * by its key), then those that ship with the program. Throws HoldfastError `calibration-unusable` (fault user).
 */
export async function readTolerances(home: string, self: Address): Promise<Tolerances> {
  const file = join(home, "calibration.json");
  if (!existsSync(file)) return tolerancesOf(shippedPairs);
  try {
    const signed = signedCalibrationSchema.parse(JSON.parse(readFileSync(file, "utf8")));
    if ((await calibrationSigner(signed)) !== self) throw new Error("it is not signed by this node's key");
    const { pairs } = calibrationSchema.parse(JSON.parse(signed.body));
    return tolerancesOf([...pairs, ...shippedPairs]);
  } catch (cause) {
    throw new HoldfastError("The calibration in the home folder cannot be used.", {
      ...{ code: "calibration-unusable", fault: "user", cause },
      facts: { file, reason: reasonOf(cause) },
      remedy: "Move it away, or make another with `holdfast calibrate`.",
    });
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof z.ZodError) return firstIssue(cause);
  return cause instanceof Error ? cause.message.split("\n")[0]! : String(cause);
}
