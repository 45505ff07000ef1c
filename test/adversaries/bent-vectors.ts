import type { EmbeddingEngine } from "../../src/ports.ts";

/** An embedding engine whose vectors are not the model's. */
export function bentVectors(
  engine: EmbeddingEngine,
  bend: (values: Float32Array) => Float32Array,
): EmbeddingEngine {
  return {
    ...engine,
    async embed(text, signal) {
      const { values, tokens } = await engine.embed(text, signal);
      return { values: bend(values), tokens };
    },
  };
}

/** As from weights or activations in 8 bits: near enough that no application would notice. */
export function inEightBits(values: Float32Array): Float32Array {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return values.map((value) => (Math.round((value / largest) * 127) / 127) * largest);
}

/** The same for every text: nothing was computed at all. */
export function always(values: Float32Array): Float32Array {
  return values.map(() => 1 / Math.sqrt(values.length));
}
