import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { TokenId } from "../../domain/ids.ts";
import type { Sampling } from "../../domain/inference/spec.ts";
import { fromBase64, toBase64 } from "../../domain/verification/base64.ts";
import { joined } from "../../domain/verification/digest.ts";
import { decodeLeaf, encodeLeaf, type Leaf, leafBytes } from "../../domain/verification/leaf.ts";

/** One answer as it was said, with what its speaker saw. */
export interface Said {
  readonly index: number;
  readonly profile: string;
  /** As it was claimed; a cheat may have sampled otherwise. */
  readonly sampling: Sampling;
  readonly promptTokens: number;
  readonly ids: readonly TokenId[];
  readonly leaves: readonly Leaf[];
}

/** The same answer as somebody else saw it. */
export interface Seen {
  readonly index: number;
  readonly profile: string;
  readonly leaves: readonly Leaf[];
  /** Of each token, logits; and whether it could well have been another one. */
  readonly margins: readonly number[];
  readonly informative: readonly boolean[];
  /** Did the judge of single chunks accept all of it? */
  readonly accepted: boolean;
}

/** Appends traces to a file of compressed lines. Each call is whole or not there, so a broken run is gone on with. */
export function keepTraces(file: string, traces: ReadonlyArray<Said | Seen>): void {
  if (traces.length === 0) return;
  mkdirSync(dirname(file), { recursive: true });
  const lines = traces.map((trace) => JSON.stringify({ ...trace, leaves: packed(trace.leaves) })).join("\n");
  appendFileSync(file, gzipSync(`${lines}\n`, { level: 9 }));
}

/** All traces of a file; none when there is no such file. */
export function readTraces<Trace extends Said | Seen>(file: string): Trace[] {
  if (!existsSync(file)) return [];
  const lines = gunzipSync(readFileSync(file)).toString().split("\n").filter(Boolean);
  return lines.map((line) => {
    const trace = JSON.parse(line) as Omit<Trace, "leaves"> & { leaves: string };
    return { ...trace, leaves: unpacked(trace.leaves) } as unknown as Trace;
  });
}

function packed(leaves: readonly Leaf[]): string {
  return toBase64(joined(leaves.map(encodeLeaf)));
}

function unpacked(text: string): Leaf[] {
  const bytes = fromBase64(text) ?? new Uint8Array();
  return Array.from(
    { length: bytes.length / leafBytes },
    (_, at) => decodeLeaf(bytes.subarray(at * leafBytes, (at + 1) * leafBytes))!,
  );
}
