import { bytesToHex } from "@noble/hashes/utils.js";
import { formOf } from "../grammar/form.ts";
import type { SchemaLimits } from "../grammar/json-schema.ts";
import type { ModelId, SessionKey } from "../ids.ts";
import { type Chunk, chunkEnd } from "../inference/chunk.ts";
import type { Prompt, Sampling } from "../inference/spec.ts";
import { transcriptNext, transcriptStart } from "../inference/transcript.ts";
import { answerIdOf, specDigest } from "./answer-id.ts";
import type { Verify } from "./commit-set.ts";
import type { Hex32 } from "./committee.ts";
import type { DrawnAnswer } from "./drawn-answer.ts";
import type { Proof, Tokens } from "./seat.ts";
import type { Market712 } from "./statement.ts";

/** What a client keeps of an answer, and all that a stranger needs to check it. */
export interface Receipt {
  readonly v: 1;
  /** The chain and bond contract under which its signatures stand. */
  readonly market: Market712;
  readonly model: ModelId;
  readonly sampling: Sampling;
  readonly tokensMax: number;
  /** Left out by a client that will not show it; then nobody can say what the answer answers. */
  readonly prompt?: Prompt;
  /** SHA-256 over the prompt's token ids. Who can guess a prompt can recognise it by this. */
  readonly promptDigest: Hex32;
  /** The answer as it was said. Speakers change where one was lost; each answers for its own chunks, the last for all. */
  readonly chunks: readonly SaidChunk[];
  readonly proof: Proof;
  /** How those who gave the answer, and its seed, were drawn; absent where the client named them. */
  readonly drawn?: DrawnAnswer;
  /** Signed offers (protocol/offer.ts) by which nodes vouch for their session keys. */
  readonly offers: readonly { readonly body: string; readonly signature: string }[];
}

export interface SaidChunk {
  readonly chunk: Chunk;
  readonly speaker: SessionKey;
}

/** A run of chunks by one speaker. */
export interface Segment {
  readonly speaker: SessionKey;
  /** Position of its first token, and that after its last. */
  readonly from: number;
  readonly to: number;
}

/** Why a receipt's answer is not the one its committee committed to. */
export type AnswerComplaint =
  | "chunks-out-of-order"
  | "words-after-the-end"
  | "forged-chunk" // not signed by its speaker after everything before it
  | "other-speaker" // somebody else than the set's executor spoke last
  | "other-transcript"
  | "other-spec" // model, sampling or limit
  | "other-prompt"
  | "other-form" // not what its schema allows
  | "too-long";

/** The answer's tokens, and from which on the last speaker, who is the proof's executor, said them. */
export function tokensOf({ chunks, sampling }: Pick<Receipt, "chunks" | "sampling">): Tokens {
  const ownFrom = segmentsOf(chunks).at(-1)?.from ?? 0;
  return { ids: chunks.flatMap(({ chunk }) => chunk.ids), sampling, ownFrom };
}

/** What is wrong between the answer a receipt shows and the answer its proof is about; undefined for nothing. */
export function answerComplaint(
  receipt: Receipt,
  verify: Verify,
  schemas: SchemaLimits,
): AnswerComplaint | undefined {
  const { chunks, promptDigest, model, prompt, sampling, tokensMax } = receipt;
  const { answer, executor } = receipt.proof.set;
  let digest = transcriptStart(answer.job, promptDigest);
  let end = 0;
  for (const [at, { chunk, speaker }] of chunks.entries()) {
    if (chunk.start !== end) return "chunks-out-of-order";
    if (chunk.end !== undefined && at < chunks.length - 1) return "words-after-the-end";
    digest = transcriptNext(digest, chunk);
    if (!verify(speaker, digest, chunk.signature)) return "forged-chunk";
    end = chunkEnd(chunk);
  }
  if (chunks.at(-1)?.speaker !== executor.sessionKey) return "other-speaker";
  const transcript = bytesToHex(digest);
  if (transcript !== answer.transcript || end !== answer.tokens) return "other-transcript";
  if (specDigest(model, sampling, tokensMax) !== answer.spec) return "other-spec";
  if (end > tokensMax || (chunks.at(-1)?.chunk.end === "length" && end !== tokensMax)) return "too-long";
  if (!fitsSchema(receipt, schemas)) return "other-form";
  if (prompt === undefined) return undefined;
  const asked = { job: answer.job, model, prompt, sampling, tokensMax };
  const { input } = answerIdOf(asked, { promptDigest, transcript, tokens: end });
  return input === answer.input ? undefined : "other-prompt";
}

function fitsSchema({ sampling, chunks }: Receipt, schemas: SchemaLimits): boolean {
  if (sampling.schema === undefined) return true;
  const form = formOf(sampling.schema, schemas);
  return chunks.every(({ chunk }, at) => form?.fits(chunks[at - 1]?.chunk, chunk) ?? false);
}

/** Who spoke from where to where. */
export function segmentsOf(chunks: readonly SaidChunk[]): Segment[] {
  const segments: Segment[] = [];
  for (const { chunk, speaker } of chunks) {
    const last = segments.at(-1);
    const to = chunkEnd(chunk);
    if (last?.speaker === speaker) segments[segments.length - 1] = { ...last, to };
    else segments.push({ speaker, from: chunk.start, to });
  }
  return segments;
}
