import type { Chunk } from "../../../domain/inference/chunk.ts";
import type { JobEvent } from "../../../domain/inference/event.ts";
import type { AttemptId } from "../../../domain/inference/state.ts";
import type { Word } from "../../../protocol/attempt.ts";

/** Words that are about the proof at an answer's end, which has rules of its own. */
type ProofWord = Extract<Word, { t: "committed" | "closed" | "revealed" }>;

/** What the rules cannot see by themselves. */
interface Checks {
  /** The numeric profile that its offer states. */
  readonly profile: string | undefined;
  /** Did it sign for that, and does it fit the schema asked for? */
  readonly isSound: (chunk: Chunk) => boolean;
}

export function isProofWord(word: Word): word is ProofWord {
  return word.t === "committed" || word.t === "closed" || word.t === "revealed";
}

/** What a provider's word is to the rules of a job. */
export function eventOf(
  attempt: AttemptId,
  word: Exclude<Word, ProofWord>,
  { profile, isSound }: Checks,
): JobEvent {
  switch (word.t) {
    case "ready": {
      const { promptTokens, promptDigest } = word;
      if (isOther(word.profile, profile)) return { kind: "lost", attempt, cause: "garbage" };
      return { kind: "ready", attempt, promptTokens, promptDigest };
    }
    case "read":
      return { kind: "read", attempt };
    case "chunk": {
      const { branch, chunk } = word;
      return { kind: "chunk", attempt, branch, chunk, authentic: isSound(chunk) };
    }
    case "judged":
      return { kind: "judged", attempt, branch: word.branch, through: word.through };
    case "rejected": {
      const { branch, start, through } = word;
      return { kind: "rejected", attempt, branch, start, through };
    }
    case "refused":
      return { kind: "refused", attempt, code: word.code, message: word.message };
    default:
      // It was asked for words, not for vectors or notes.
      return { kind: "lost", attempt, cause: "garbage" };
  }
}

/** Does it compute this job otherwise than its offer says? Then nothing is known of how far off it may be. */
export function isOther(said: string | undefined, stated: string | undefined): boolean {
  return said !== undefined && stated !== undefined && said !== stated;
}
