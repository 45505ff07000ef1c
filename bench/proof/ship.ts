/** Writes a calibration's bounds into the program: `node bench/proof/ship.ts HOME/calibration.json`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { calibrationSchema, signedCalibrationSchema } from "../../src/protocol/calibration.ts";

const { body } = signedCalibrationSchema.parse(JSON.parse(readFileSync(process.argv[2]!, "utf8")));
const { pairs, madeAt, model } = calibrationSchema.parse(JSON.parse(body));
const text = `import type { CalibratedPair } from "./calibration.ts";

/** Recorded ${madeAt.slice(0, 10)} with ${model}. Made by \`node bench/proof/ship.ts\`; not to be edited. */
export const shippedPairs: readonly CalibratedPair[] = ${JSON.stringify(pairs, null, 2)};
`;
writeFileSync(join(import.meta.dirname, "../../src/protocol/calibration.generated.ts"), text);
