import type { JobId, ModelId } from "../ids.ts";

/** What is asked of a model. Everything here changes the answer, so everything here is fixed before it is asked. */
export interface JobSpec {
  readonly job: JobId;
  readonly model: ModelId;
  readonly prompt: Prompt;
  readonly sampling: Sampling;
  /** Longest answer, tokens. */
  readonly tokensMax: number;
}

/** `chat` is rendered with the model's own template by every node for itself; `text` is taken as it is. */
export type Prompt =
  | { readonly kind: "chat"; readonly messages: readonly ChatMessage[] }
  | { readonly kind: "text"; readonly text: string };

export interface ChatMessage {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** The canonical sampler's inputs (domain/verification/sampler.ts): same logits, seed and position = same token. */
export interface Sampling {
  /** 0 (the largest logit wins) to 2. */
  readonly temperature: number;
  /** Nucleus share, above 0 up to 1. 1 = off. */
  readonly topP: number;
  /** Least share of the likeliest token's probability that a token needs, 0 to 1. 0, or nothing, = off. */
  readonly minP?: number;
  /** 32 bytes as hex: H(the user's seed, or a nonce). */
  readonly seed: string;
  /** A JSON schema, as text, that the answer has to fit (domain/grammar). */
  readonly schema?: string;
}

/** How the answer is to be obtained; changes nothing about what a correct answer is. */
export interface Policy {
  /**
   * "stream": tokens leave when a witness accepted them or the hold budget ran out; the verdict rides at the end.
   * "final": nothing leaves before the whole answer was accepted. "none": one executor, failover, no witnesses.
   */
  readonly finality: "stream" | "final" | "none";
  /** Witnesses wanted; fewer are used where the network is smaller. */
  readonly witnesses: number;
  /** Longest time a token waits for a witness before it is delivered unjudged, ms. */
  readonly holdMs: number;
  /** How long a proof may wait for a block besides, ms; only where a block decides what is opened. */
  readonly beaconMs?: number;
  /** The whole job's budget, ms. Time-outs of attempts never add up beyond it. */
  readonly deadlineMs: number;
  /** Executors in a row that say nothing before the job is given up; who says something begins the count anew. */
  readonly attemptsMax: number;
}

/** Nobody judges the answer: its executor seals it with its last chunk, for auditors drawn long after. */
export function isUnwatched({ finality, witnesses }: Pick<Policy, "finality" | "witnesses">): boolean {
  return finality === "none" || witnesses === 0;
}
