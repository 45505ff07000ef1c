import { leave } from "./cast.ts";
import { type Chunk, chunkEnd } from "./chunk.ts";
import type { Draft } from "./draft.ts";
import { fail } from "./ending.ts";
import type { Attempt, JobState } from "./state.ts";
import { isStranger } from "./votes.ts";
import { goBack } from "./weighing.ts";

/**
 * What follows from how long a prompt is: where an answer must end, and what the application is told. Providers state
 * that length and sign for the ids alone, so a number may be false though the ids are right.
 *
 * A statement therefore binds nobody but who made it: each speaker keeps to the limit that follows from its own, and its
 * witnesses, who count for themselves, reject an end at a false one, and what goes past the true one. Were the first
 * speaker's the limit of all, one false number and a silence would make offenders of every honest one after it.
 */

type Length = Pick<JobState, "tokensMax" | "tokensDefault" | "contextTokens">;

/** Longest answer that this one may say, tokens. */
export function limitOf(job: Length, { ready }: Pick<Attempt, "ready">): number {
  return limitAfter(job, ready?.promptTokens ?? 0);
}

/** Longest answer of this job, tokens. */
export function answerLimit(job: Length & Pick<JobState, "base">): number {
  return limitAfter(job, job.base?.promptTokens ?? 0);
}

/** Does it stay within this limit, and say that it ends there if and only if it does? */
export function keepsTo(limit: number, chunk: Chunk): boolean {
  const end = chunkEnd(chunk);
  if (end > limit) return false;
  return chunk.end === "length" ? end === limit : end < limit || chunk.end === "stop";
}

function limitAfter({ tokensMax, tokensDefault, contextTokens }: Length, promptTokens: number): number {
  return tokensMax ?? Math.max(1, Math.min(tokensDefault, contextTokens - promptTokens));
}

/** How long its prompt is, as far as it is believed: one that claims a million tokens gets no time for them. */
export function promptTokensOf(draft: Draft, { ready }: Pick<Attempt, "ready">): number {
  return Math.min(ready?.promptTokens ?? 0, draft.promptTokensMost);
}

/** How long the answer's prompt is, as far as that is believed. */
export function promptTokensOfAnswer({ base, promptTokensMost }: Draft): number {
  return Math.min(base?.promptTokens ?? 0, promptTokensMost);
}

/**
 * Settles how long the answer's prompt is. The same ids are of one number, so of those who have the same digest and state
 * different numbers somebody lies: two that outnumber the others are believed, as with tokens, and the others leave, and
 * what was said by another number with them. Until then it is what whoever spoke last says.
 */
export function settleTerms(draft: Draft): void {
  const { base, held } = draft;
  const speaker = held.at(-1)?.speaker;
  if (base === undefined || speaker === undefined) return;
  const numbers = numbersOf(draft);
  const votes = (number: number) => numbers.filter((other) => other === number).length;
  const most = numbers.find((number) => votes(number) > Math.max(1, numbers.length / 2));
  const last = alikeIn(draft).find(({ peer }) => peer === speaker);
  draft.base = { ...base, promptTokens: most ?? last?.ready?.promptTokens ?? base.promptTokens };
  if (most === undefined) return;
  for (const { id, ready } of alikeIn(draft)) if (ready?.promptTokens !== most) leave(draft, id, "garbage");
  dropMisplaced(draft);
}

/** From past the limit that is settled nobody could go on, nor from an end that is none. */
function dropMisplaced(draft: Draft): void {
  const { held, delivered, satisfied } = draft;
  const limit = answerLimit(draft);
  // Characters, which a node without logits counts, have no place by it.
  if (satisfied !== undefined || !alikeIn(draft).every(({ witness }) => witness)) return;
  // Where the last keeps to it, so do all before.
  if (keepsTo(limit, held.at(-1)!.chunk)) return;
  const first = held.findIndex(({ chunk }) => !keepsTo(limit, chunk));
  if (first >= delivered) return goBack(draft, first);
  fail(
    draft,
    "rejected-after-delivery",
    "by most providers' count the answer has to end elsewhere than what had been delivered",
  );
}

/** Do some state another length than others? One more witness decides. */
export function isLengthDisputed(draft: Draft): boolean {
  const [first, ...others] = numbersOf(draft);
  return others.some((number) => number !== first);
}

/** What those say whose word counts. */
function numbersOf(draft: Draft): number[] {
  return alikeIn(draft).flatMap(({ peer, ready }) => (isStranger(peer, draft) ? [] : ready!.promptTokens));
}

/** Those who tokenised the prompt as the answer's first speaker did. */
function alikeIn({ attempts, base }: Draft): Attempt[] {
  return attempts.filter(({ ready }) => ready !== undefined && ready.promptDigest === base?.promptDigest);
}
