import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { JobSpec, Prompt, Sampling } from "../inference/spec.ts";
import type { AnswerId, Hex32 } from "./committee.ts";
import { digest } from "./digest.ts";

/** What an answer turned out to be. */
export interface Said {
  /** SHA-256 over the prompt's token ids, as every node of the job has it. */
  readonly promptDigest: Hex32;
  /** The transcript's digest after the last chunk. */
  readonly transcript: Hex32;
  readonly tokens: number;
}

/** The same for everybody who was asked the same and heard the same; `tokensMax` is the limit that really held. */
export function answerIdOf(
  { job, model, prompt, sampling, tokensMax }: JobSpec,
  { promptDigest, transcript, tokens }: Said,
): AnswerId {
  const spec = specDigest(model, sampling, tokensMax);
  return { job, spec, input: inputDigest(job, prompt, promptDigest), transcript, tokens };
}

/** Everything that decides which tokens are right, but the prompt. */
export function specDigest(model: string, sampling: Sampling, tokensMax: number): Hex32 {
  const { temperature, topP, minP = 0, seed, schema } = sampling;
  const numbers = [temperature, topP, minP].map(f64);
  const form = schema === undefined ? [] : ["json-schema-v1", schema];
  return bytesToHex(
    digest("spec", "gumbel-topk-v1", model, ...numbers, hexToBytes(seed), tokensMax, ...form),
  );
}

/**
 * The words as they were sent and, by their digest, the ids that nodes made of them; salted by the job's random id.
 * Who signs an answer signs the prompt, so a receipt's prompt cannot be swapped for another of the same ids.
 */
function inputDigest(job: string, prompt: Prompt, promptDigest: Hex32): Hex32 {
  const words =
    prompt.kind === "text" ? [prompt.text] : prompt.messages.flatMap(({ role, content }) => [role, content]);
  return bytesToHex(digest("input", hexToBytes(job), hexToBytes(promptDigest), prompt.kind, ...words));
}

/** Big-endian; −0 is 0, as JSON would have it. */
function f64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value || 0);
  return bytes;
}
