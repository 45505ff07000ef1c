import type { ControlledEvaluateInputItem, LlamaContextSequence, Token } from "node-llama-cpp";
import type { TokenId } from "../../domain/ids.ts";
import { type Candidate, candidateCount } from "../../domain/verification/sampler.ts";
import type { TokenSequence } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { createTurns } from "../system/turns.ts";

/**
 * The fast form of "the 64 largest raw logits": cutting to 64 before sorting avoids sorting the vocabulary, and a
 * temperature of 1 with everything else off leaves the logits as they are (a test compares it with the slow form).
 * The seed is never used for a choice; without one the library would read the clock.
 */
const topCandidates = {
  logits: { filter: { tokens: [], includeTop: candidateCount } },
  options: { temperature: 1, topK: candidateCount, topP: 1, minP: 0, seed: 1 },
};

export interface SequenceOptions {
  readonly promptIds: readonly TokenId[];
  /** Tokens the window holds, prompt and answer together. */
  readonly contextTokens: number;
  /** Prompt tokens evaluated in one step; a cancelled job stops after at most one. */
  readonly promptPieceTokens: number;
  /** Is it a token of the model? */
  readonly knows: (id: TokenId) => boolean;
  readonly text: TokenSequence["text"];
  readonly ends: TokenSequence["ends"];
  /** The sequence is idle for good; its evaluated tokens may serve the next job. */
  readonly release: () => void;
}

/**
 * One job on one sequence of the context. `promptIds` and the answer say what the sequence should hold; its cache
 * holds a prefix of that in `valid` tokens and perhaps leftovers of an earlier job behind them. Nothing is
 * evaluated or erased before somebody asks for candidates.
 */
export function openSequence(cache: LlamaContextSequence, options: SequenceOptions): TokenSequence {
  const { promptIds, contextTokens, knows } = options;
  const answer: TokenId[] = [];
  /** Evaluated behind the answer, since they are said to come next. */
  let ahead: TokenId[] = [];
  /** Candidates by answer position, for positions lately looked at. */
  const known = new Map<number, Candidate[]>();
  // The last prompt token is always evaluated anew: its candidates are the first thing needed.
  let valid = Math.min(commonPrefix(cache.contextTokens, promptIds), promptIds.length - 1);
  const turns = createTurns(options.release);

  return {
    promptIds,
    judge: (ids, signal, next) => turns.take(() => judge(ids, signal, next)),
    next: (ids, signal) => turns.take(() => next(ids, signal)),
    logitsOf: (position, ids, signal) => turns.take(() => logitsOf(position, ids, signal)),
    keep: (length) => turns.take(async () => cut(length)),
    text: options.text,
    ends: options.ends,
    close: turns.close,
  };

  async function judge(
    ids: readonly TokenId[],
    signal: AbortSignal,
    next: readonly TokenId[] = [],
  ): Promise<Candidate[][]> {
    const start = answer.length;
    await append(ids, start, signal, next);
    return ids.map((_, offset) => known.get(start + offset)!);
  }

  async function next(ids: readonly TokenId[], signal: AbortSignal): Promise<Candidate[]> {
    if (promptIds.length + answer.length + ids.length >= contextTokens) throw overflow(1 + ids.length);
    await append(ids, answer.length + ids.length, signal, []);
    return known.get(answer.length)!;
  }

  /** Adds `ids` and sees to it that the candidates of positions `from` up to the end are known; or adds nothing. */
  async function append(
    ids: readonly TokenId[],
    from: number,
    signal: AbortSignal,
    next: readonly TokenId[],
  ): Promise<void> {
    if (ids.length > limits.chunkTokensMax) throw new RangeError("more ids than a chunk holds");
    if (promptIds.length + answer.length + ids.length > contextTokens) throw overflow(ids.length);
    const before = answer.length;
    const met = commonPrefix(ahead, ids);
    answer.push(...ids);
    if (met < ids.length) forget(before + met);
    else ahead = ahead.slice(met);
    try {
      await evaluateTo(from, signal, next);
    } catch (error) {
      cut(before);
      throw error;
    }
    for (const position of known.keys()) if (position < from - limits.chunkTokensMax) known.delete(position);
  }

  function cut(length: number): void {
    if (length < answer.length) answer.length = Math.max(0, length);
    forget(answer.length);
  }

  /** What was evaluated for answer positions from `length` on no longer counts. */
  function forget(length: number): void {
    ahead = [];
    valid = Math.min(valid, promptIds.length + length);
    for (const position of known.keys()) if (position > length) known.delete(position);
  }

  /**
   * Evaluates what is missing so that candidates from position `from` to the end of the answer are known. If anything
   * is, as much of `next` as fits is evaluated in the same step: a token among many costs half of one among few.
   */
  async function evaluateTo(from: number, signal: AbortSignal, next: readonly TokenId[]): Promise<void> {
    let first = from;
    while (first <= answer.length && known.has(first)) first += 1;
    // Position p is decided by the token before it. The window's very last token decides nothing any more.
    const wantedFrom = promptIds.length + first - 1;
    const end = Math.min(promptIds.length + answer.length, contextTokens - 1);
    if (first <= answer.length) valid = Math.min(valid, wantedFrom);
    if (valid >= end) return;
    forget(answer.length);
    ahead = next.slice(0, contextTokens - 1 - end);
    await erase();
    while (valid < end) {
      signal.throwIfAborted();
      const inPrompt = valid < promptIds.length;
      const stop = inPrompt
        ? Math.min(valid + options.promptPieceTokens, promptIds.length)
        : Math.min(valid + limits.chunkTokensMax, end + ahead.length);
      await evaluate(stop, wantedFrom);
    }
    ahead = ahead.slice(0, valid - end);
    signal.throwIfAborted();
  }

  async function evaluate(stop: number, wantedFrom: number): Promise<void> {
    const input: ControlledEvaluateInputItem[] = [];
    for (let index = valid; index < stop; index += 1) {
      const token = tokenAt(index);
      input.push(index >= wantedFrom ? [token, { generateNext: topCandidates }] : token);
    }
    const start = valid;
    const output = await guarded(() => cache.controlledEvaluate(input));
    valid = stop;
    for (let index = Math.max(start, wantedFrom); index < stop; index += 1) {
      known.set(index + 1 - promptIds.length, toCandidates(output[index - start]?.next.logits));
    }
  }

  async function logitsOf(position: number, ids: readonly TokenId[], signal: AbortSignal): Promise<number[]> {
    if (position < 0 || position > answer.length) throw new RangeError("no such position in the answer");
    const found = new Map((known.get(position) ?? []).map(({ id, logit }) => [id, logit]));
    const missing = ids.filter((id) => knows(id) && !found.has(id));
    if (missing.length > 0) {
      for (const [id, logit] of await evaluateAgain(position, missing, signal)) found.set(id, logit);
    }
    return ids.map((id) => found.get(id) ?? Number.NEGATIVE_INFINITY);
  }

  /** Logits of these tokens at one position: a step for which what was evaluated behind it is forgotten. */
  async function evaluateAgain(
    position: number,
    ids: readonly TokenId[],
    signal: AbortSignal,
  ): Promise<ReadonlyMap<Token, number>> {
    const index = promptIds.length + position - 1;
    while (valid < index) {
      signal.throwIfAborted();
      if (valid < cache.nextTokenIndex) await erase();
      await evaluate(Math.min(valid + limits.chunkTokensMax, index), Number.POSITIVE_INFINITY);
    }
    valid = index;
    await erase();
    signal.throwIfAborted();
    // The slow form: with no options the chain is greedy only, so the logit is raw here too.
    const generateNext = { logits: { filter: { tokens: ids as Token[] } } };
    const output = await guarded(() => cache.controlledEvaluate([[tokenAt(index), { generateNext }]]));
    valid = index + 1;
    return output[0]?.next.logits ?? new Map();
  }

  function tokenAt(index: number): Token {
    const position = index - promptIds.length;
    const id = position < 0 ? promptIds[index]! : (answer[position] ?? ahead[position - answer.length]!);
    // What is no token is read as the vocabulary's first, so that a follower that rejected it can still follow.
    return (knows(id) ? id : 0) as Token;
  }

  /** Forgets what the cache holds beyond the tokens that still count. */
  async function erase(): Promise<void> {
    if (cache.nextTokenIndex <= valid) return;
    await guarded(() => cache.eraseContextTokenRanges([{ start: valid, end: cache.nextTokenIndex }]));
    // Some models cannot forget a part; then the library starts over, and so do we.
    valid = Math.min(valid, cache.nextTokenIndex);
  }

  /** After a failure nobody knows what the cache holds, so it is emptied. */
  async function guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      valid = 0;
      known.clear();
      await cache.clearHistory().catch(() => undefined);
      throw new HoldfastError("The engine failed.", { code: "engine", fault: "environment", cause: error });
    }
  }

  function overflow(more: number): HoldfastError {
    return contextOverflow({
      promptTokens: promptIds.length + answer.length,
      answerTokens: more,
      contextTokens,
    });
  }
}

export function contextOverflow(facts: {
  readonly promptTokens: number;
  readonly answerTokens: number;
  readonly contextTokens: number;
}): HoldfastError {
  return new HoldfastError(
    `The prompt (${facts.promptTokens} tokens) and the answer asked for (${facts.answerTokens}) do not fit the model's window of ${facts.contextTokens} tokens.`,
    {
      code: "context-overflow",
      fault: "user",
      remedy: "Shorten the prompt or lower max_tokens; nothing is ever cut silently.",
      facts,
    },
  );
}

/** Canonical order: largest first, ties by lower id. Not every value of a broken model is a number. */
function toCandidates(logits: ReadonlyMap<Token, number> | undefined): Candidate[] {
  const list: Candidate[] = [];
  for (const [id, logit] of logits ?? []) if (Number.isFinite(logit)) list.push({ id, logit });
  if (list.length === 0) {
    throw new HoldfastError("The model gave no finite logits.", { code: "engine", fault: "environment" });
  }
  return list.sort((a, b) => b.logit - a.logit || a.id - b.id);
}

export function commonPrefix(a: readonly number[], b: readonly number[]): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length += 1;
  return length;
}
