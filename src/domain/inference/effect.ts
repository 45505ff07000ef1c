import type { Ms, PeerId, SessionKey } from "../ids.ts";
import type { Chunk } from "./chunk.ts";
import type { Pace } from "./pace.ts";
import type { AttemptId } from "./state.ts";

/** What a job wants done. Plain data; the role performs it, in order. */
export type JobEffect =
  /** `hedge`: on suspicion alone; it uses up one of the gateway's hedges. */
  | { readonly kind: "open"; readonly attempt: AttemptId; readonly peer: PeerId; readonly hedge: boolean }
  | {
      readonly kind: "show";
      readonly attempt: AttemptId;
      readonly chunk: Chunk;
      readonly speaker: SessionKey;
    }
  | { readonly kind: "drop"; readonly attempt: AttemptId; readonly to: number; readonly branch: number }
  | { readonly kind: "speak"; readonly attempt: AttemptId; readonly from: number }
  | { readonly kind: "close"; readonly attempt: AttemptId }
  /** More prospects, please, other than these. Answered by a `prospects` event, even if empty. */
  | { readonly kind: "seek"; readonly without: readonly PeerId[] }
  | {
      readonly kind: "deliver";
      readonly text: string;
      readonly tokens: number;
      readonly cast: Cast | undefined;
    }
  /**
   * `since`: when the attempt began; what was under way when a peer failed belongs to the same incident. `seen`: what
   * it took. The last word on an attempt, but for "late", after which it may still come.
   */
  | {
      readonly kind: "outcome";
      readonly peer: PeerId;
      readonly outcome: Outcome;
      readonly since: Ms;
      readonly seen: Pace;
    }
  /**
   * These saw the whole answer, of so many tokens and with this digest at its end: have them commit to it and open.
   * Answered by a `proved` event. `round`: of this job, from 1; who committed to this answer in an earlier one need not
   * again.
   */
  | {
      readonly kind: "prove";
      readonly round: number;
      readonly executor: AttemptId;
      readonly witnesses: readonly AttemptId[];
      readonly transcript: Uint8Array;
      readonly tokens: number;
      /** Longest the answer could have become. */
      readonly tokensMax: number;
    }
  /** Nobody watched, and the application has had enough: whoever said the first so many tokens is to seal them. */
  | { readonly kind: "seal"; readonly attempt: AttemptId; readonly tokens: number }
  /** Call again with `tick` at this time. Replaces the wake before it. */
  | { readonly kind: "wake"; readonly at: Ms }
  /** Exactly one of these two, once, last. Neither comes after `cancelled`. */
  | ({ readonly kind: "finish" } & Ending)
  | ({ readonly kind: "fail" } & Failure);

/** Who speaks and who witnesses from a delivery on. */
export interface Cast {
  readonly executor: PeerId;
  readonly witnesses: readonly PeerId[];
}

/** What the witnesses make of the whole answer. "inconclusive" is never held against anyone. */
export type Verdict = "valid" | "invalid" | "inconclusive";

export interface Ending {
  readonly reason: "stop" | "length";
  readonly promptTokens: number;
  readonly answerTokens: number;
  readonly verdict: Verdict;
  /** "fingerprint": the logits of executor and witnesses were compared as well. */
  readonly basis: "fingerprint" | "tokens" | "none";
  readonly switches: number;
  readonly attempts: number;
  readonly witnesses: readonly PeerId[];
  readonly executor: PeerId;
  /** Share of tokens a witness had accepted before they were delivered, 0–1. */
  readonly acceptedShare: number;
  /** Of the witnesses, those who looked at some positions only. */
  readonly sampled: readonly PeerId[];
  /** What nobody looked at, as far as that comes of the engines (unchecked.ts). */
  readonly notChecked: readonly string[];
}

export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
  /** Tokens of the answer that stand: delivered and not rejected. */
  readonly goodTokens: number;
  readonly switches: number;
  readonly attempts: number;
}

export type FailureCode =
  | "no-providers" // nobody (left) to ask
  | "deadline" // the job's time is over
  | "rejected-after-delivery" // a majority of witnesses rejected something already delivered
  | "disputed" // witnesses disagree and nobody is left to decide
  | "not-final" // finality "final" was asked for and not reached
  | "context-overflow" // the prompt and the answer asked for do not fit the model's window
  | "bad-request"
  | "no-beacon" // no block came that draws its providers, or decides what its proof opens
  | "too-few-drawn" // too few of those that could be drawn are there
  | "busy"; // everybody is at capacity

/** How a provider did, for its health and its standing. */
export type Outcome =
  | "completed"
  | "vouched" // completed, and others judged all that it said to be true
  | "lost"
  | "silent"
  | "late" // not yet given up, but somebody else was asked in its place: avoid it for a moment
  | "dissented" // a witness that the others outvoted again and again
  | "busy"
  | "refused"
  | "rejected" // it lied: a majority, or a proof, says so
  | "garbage"
  | "unused";
