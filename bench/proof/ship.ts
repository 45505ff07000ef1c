import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Calibration, calibrationSchema } from "../../src/protocol/calibration.ts";

const target = join(import.meta.dirname, "../../src/protocol/calibration.generated.ts");

/** Writes a calibration's bounds into the program, for nodes that have made none of their own. */
export function ship(calibration: Calibration): void {
  const { pairs, madeAt, model } = calibrationSchema.parse(calibration);
  writeFileSync(
    target,
    `import type { CalibratedPair } from "./calibration.ts";

/** Fitted ${madeAt.slice(0, 10)} to recordings of ${model}, by \`bench:proof -- --ship\`; not to be edited. */
export const shippedPairs: readonly CalibratedPair[] = ${JSON.stringify(pairs, null, 2)};
`,
  );
}
