import type { SessionKey, TokenId } from "../../domain/ids.ts";
import type { Chunk } from "../../domain/inference/chunk.ts";
import type { Leaf } from "../../domain/verification/leaf.ts";
import type { MarginTally } from "../../domain/verification/margin-tally.ts";
import type { RejectionReason } from "../../protocol/attempt.ts";
import type { Answer } from "./answer.ts";

/**
 * An engine at work on one job. Two kinds of engine, one conversation: a token voice speaks, judges and resumes
 * token for token; a text voice only speaks, its tokens being the text's code points.
 */
export interface Voice {
  /** The numeric profile of its engine. */
  readonly profile: string;
  readonly promptTokens: number;
  /** SHA-256 over the prompt's token ids, hex. */
  readonly promptDigest: string;
  /** Longest answer it will give, tokens of its own kind. */
  readonly tokensMax: number;
  /** Reads the prompt, so that the first chunk, its own or another's, finds the caches warm. */
  prepare(signal: AbortSignal): Promise<void>;
  /**
   * Says the next chunk of `answer`. Returns undefined when `interrupted()` became true before there was anything to
   * say, or when its own limit leaves it nothing. Never called again after a chunk with `end`.
   */
  speak(
    answer: Answer,
    interrupted: () => boolean,
    signal: AbortSignal,
  ): Promise<Omit<Chunk, "signature"> | undefined>;
  /**
   * Reads a chunk that another said and that was not yet appended to `answer`; `next` are the ids waiting behind it.
   * `speaker`: who; each answers for its own tokens alone. Undefined: it cannot say what it is worth.
   */
  judge(
    answer: Answer,
    chunk: Chunk,
    next: readonly TokenId[],
    signal: AbortSignal,
    speaker?: SessionKey,
  ): Promise<Judgement | undefined>;
  /** What it saw at the first `count` positions of the answer; undefined when it shows no logits, or did not see them all. */
  leaves(count: number): Leaf[] | undefined;
  /** What the margins of others' tokens among the first `count` come to. */
  margins(count: number): MarginTally;
  /** The answer now ends at `to`. */
  drop(to: number): Promise<void>;
  close(): void;
}

/** One that has the logits. */
export interface JudgingVoice extends Voice {
  judge(...asked: Parameters<Voice["judge"]>): Promise<Judgement>;
}

/** `margin`: largest of the chunk's tokens, logits. */
export type Judgement =
  | { readonly accepted: true; readonly margin: number }
  | {
      readonly accepted: false;
      readonly margin: number;
      readonly reason: RejectionReason;
      readonly at: number;
    };
