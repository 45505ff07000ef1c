import type { Chunk } from "./chunk.ts";
import type { Finding } from "./proving.ts";
import type { AttemptId, Prospect } from "./state.ts";

/** What can happen to a job. The role translates wire messages, timers and the application's acts into these. */
export type JobEvent =
  /** Routing's answer to `seek`; may be empty. Providers already at work in this job are not repeated. */
  | { readonly kind: "prospects"; readonly prospects: readonly Prospect[] }
  | {
      readonly kind: "ready";
      readonly attempt: AttemptId;
      readonly promptTokens: number;
      readonly promptDigest: string;
    }
  /** It has read the prompt. */
  | { readonly kind: "read"; readonly attempt: AttemptId }
  /** `authentic`: the signature covers the transcript digest of `transcriptAfter(state, chunk)`. */
  | {
      readonly kind: "chunk";
      readonly attempt: AttemptId;
      readonly branch: number;
      readonly chunk: Chunk;
      readonly authentic: boolean;
    }
  | {
      readonly kind: "judged";
      readonly attempt: AttemptId;
      readonly branch: number;
      readonly through: number;
    }
  | {
      readonly kind: "rejected";
      readonly attempt: AttemptId;
      readonly branch: number;
      readonly start: number;
      readonly through: number;
    }
  | {
      readonly kind: "refused";
      readonly attempt: AttemptId;
      readonly code: string;
      readonly message: string;
    }
  /** What came of `prove`. */
  | { readonly kind: "proved"; readonly finding: Finding }
  /** The channel ended, for whatever reason. */
  | { readonly kind: "lost"; readonly attempt: AttemptId; readonly cause: string }
  /** A stop string was found in what was delivered last: nothing after it is wanted. */
  | { readonly kind: "satisfied" }
  /** The application hung up. */
  | { readonly kind: "cancelled" }
  | { readonly kind: "tick" };
