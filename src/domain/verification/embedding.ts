import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { JobId, ModelId } from "../ids.ts";
import type { Classes } from "./classes.ts";
import type { Hex32 } from "./committee.ts";
import { digest } from "./digest.ts";
import type { SignedStatement, Statement } from "./statement.ts";

/** What was asked for. */
export interface EmbeddingSpec {
  readonly job: JobId;
  readonly model: ModelId;
  /** Vectors are the same bits only where the arithmetic is: whoever signs, signs for this profile. */
  readonly profile: string;
  /** What the numbers are about, where they are a classifier's. */
  readonly classes?: Classes | undefined;
  readonly inputs: readonly string[];
}

/** One text's vector as it is sent: float32, little-endian. */
export interface Vector {
  readonly tokens: number;
  readonly values: Uint8Array;
}

/** What a node signs of its vectors; nodes that agree differ in seq and expiry only. */
export function embeddingStatement(
  { job, model, profile, classes, inputs }: EmbeddingSpec,
  vectors: readonly Vector[],
  { seq, expiry }: Pick<SignedStatement, "seq" | "expiry">,
): Statement {
  return {
    spec: bytesToHex(digest("embedding spec", model, profile, ...named(classes))),
    input: bytesToHex(digest("embedding input", hexToBytes(job), ...inputs)),
    output: vectorsDigest(vectors),
    anchor: noAnchor,
    ...{ seq, expiry },
  };
}

function named(classes: Classes | undefined): string[] {
  return classes === undefined ? [] : [classes.activation, ...classes.labels];
}

/** Of all vectors, in order, with the tokens that each counts for. */
export function vectorsDigest(vectors: readonly Vector[]): Hex32 {
  return bytesToHex(digest("embedding output", ...vectors.flatMap(({ tokens, values }) => [tokens, values])));
}

/** No beacon has a part in it: there is nothing to sample. */
const noAnchor: Hex32 = "0".repeat(64);

/** How many numbers each of these vectors holds; undefined for what no honest node sends. */
export function dimensionsOf(vectors: readonly Vector[]): number | undefined {
  const [first] = vectors;
  if (first === undefined || first.values.length === 0 || first.values.length % 4 !== 0) return undefined;
  const sound = vectors.every(({ values }) => values.length === first.values.length && areFinite(values));
  return sound ? first.values.length / 4 : undefined;
}

function areFinite(values: Uint8Array): boolean {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  for (let at = 0; at < values.length; at += 4) {
    if (!Number.isFinite(view.getFloat32(at, true))) return false;
  }
  return true;
}
