import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { calibrationSchema, signedCalibrationSchema } from "../../src/protocol/calibration.ts";

const target = join(import.meta.dirname, "../../src/protocol/calibration.generated.ts");

/** Writes a calibration's bounds into the program, for nodes that have made none of their own. */
export function ship(file: string): void {
  const { body } = signedCalibrationSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  const { pairs, madeAt, model } = calibrationSchema.parse(JSON.parse(body));
  writeFileSync(
    target,
    `import type { CalibratedPair } from "./calibration.ts";

/** Recorded ${madeAt.slice(0, 10)} with ${model}. Made by \`bench:proof -- --ship\`; not to be edited. */
export const shippedPairs: readonly CalibratedPair[] = ${JSON.stringify(pairs, null, 2)};
`,
  );
}
