import type { CalibratedPair } from "./calibration.ts";

/** Made by `node bench/proof/ship.ts` out of a calibration; not to be edited. */
export const shippedPairs: readonly CalibratedPair[] = [
  {
    one: "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-* kv=f16 fa=*",
    other: "node-llama-cpp@3.22.1 ggml-org/llama.cpp@v0.5.0 cpu-* kv=f16 fa=*",
    tolerance: {
      distance: [{ from: 8, near: 0.14, far: 0.17 }],
      margin: [{ from: 16, near: 0.08, far: 0.12 }],
      marginMax: 1.5,
    },
    fitted: 0,
    tested: { answers: 0, convicted: 0, inconclusive: 0, convictedMost: 1 },
  },
];
