import type { SessionKey } from "../../../../domain/ids.ts";
import { fromBase64 } from "../../../../domain/verification/base64.ts";
import {
  dimensionsOf,
  type EmbeddingSpec,
  embeddingStatement,
  type Vector,
} from "../../../../domain/verification/embedding.ts";
import {
  type Market712,
  type SignedStatement,
  statementDigest,
} from "../../../../domain/verification/statement.ts";
import type { Dialer, Verify } from "../../../../ports.ts";
import type { RefusalCode, Word } from "../../../../protocol/attempt.ts";
import type { Offer } from "../../../../protocol/offer.ts";

/** What one provider's attempt at the vectors came to. Said once. */
export type ReplicaEnd =
  | {
      readonly kind: "answered";
      readonly vectors: readonly EncodedVector[];
      readonly statement: SignedStatement;
    }
  | { readonly kind: "refused"; readonly code: RefusalCode }
  | { readonly kind: "lost"; readonly outcome: "lost" | "silent" | "garbage" };

/** A vector, and the text it came as. */
export interface EncodedVector extends Vector {
  readonly encoded: string;
}

export interface ReplicaJob {
  readonly market: Market712;
  /** The profile is the one its offer states. */
  readonly spec: EmbeddingSpec;
  readonly dimensions: number;
  readonly deadlineMs: number;
}

export interface ReplicaListener {
  /** It said something that brings the answer nearer. */
  heard(): void;
  ended(end: ReplicaEnd): void;
}

/** Asks one provider; whatever it sends was checked for form, length and signature before it is told of. */
export function openReplica(
  { dialer, verify }: { readonly dialer: Dialer; readonly verify: Verify },
  offer: Offer,
  job: ReplicaJob,
  listener: ReplicaListener,
): { close(): void } {
  const vectors: EncodedVector[] = [];
  const { inputs } = job.spec;
  let over = false;

  function end(what: ReplicaEnd): void {
    if (over) return;
    over = true;
    channel.close();
    listener.ended(what);
  }

  function hear(word: Word): void {
    if (word.t === "refused") return end({ kind: "refused", code: word.code });
    if (word.t === "vector" && vectors.length < inputs.length) {
      const vector = vectorOf(word, job.dimensions);
      if (vector === undefined) return end(garbage);
      vectors.push(vector);
      return listener.heard();
    }
    if (word.t !== "embedded" || vectors.length < inputs.length) return end(garbage);
    const signed =
      word.profile === job.spec.profile && isSigned(verify, offer.sessionKey, job, vectors, word);
    end(signed ? { kind: "answered", vectors, statement: word.statement } : garbage);
  }

  const channel = dialer.open(offer, {
    message: (word) => over || hear(word),
    closed({ code }) {
      const outcome = code === "silent" || code === "garbage" ? code : "lost";
      end({ kind: "lost", outcome });
    },
  });
  const { job: id, model } = job.spec;
  channel.send({ t: "embed", job: id, model, inputs: [...inputs], deadlineMs: Math.max(1, job.deadlineMs) });
  return {
    close() {
      if (over) return;
      over = true;
      channel.close();
    },
  };
}

const garbage: ReplicaEnd = { kind: "lost", outcome: "garbage" };

function vectorOf(
  { tokens, values: encoded }: Extract<Word, { t: "vector" }>,
  dimensions: number,
): EncodedVector | undefined {
  const values = fromBase64(encoded);
  if (values === undefined || dimensionsOf([{ tokens, values }]) !== dimensions) return undefined;
  return { tokens, values, encoded };
}

function isSigned(
  verify: Verify,
  sessionKey: SessionKey,
  { market, spec }: ReplicaJob,
  vectors: readonly Vector[],
  { statement }: Extract<Word, { t: "embedded" }>,
): boolean {
  const digest = statementDigest(market, embeddingStatement(spec, vectors, statement));
  return verify(sessionKey, digest, statement.signature);
}
