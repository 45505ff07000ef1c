import type { TokenId } from "../../domain/ids.ts";
import { textsOf } from "../../domain/inference/prompt-size.ts";
import type { Prompt } from "../../domain/inference/spec.ts";
import type { Candidate } from "../../domain/verification/sampler.ts";
import type { Clock, TokenEngine, TokenSequence } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import type { Condition } from "./ailment.ts";
import { promptKey, syntheticModel, tokenAt, vocabularyTokens, wordOf } from "./model.ts";
import { createTicker, type Ticker } from "./ticker.ts";

export interface SyntheticEngineOptions {
  /** Tokens a second of each sequence, however many there are. */
  readonly pace: number;
  /** Sequences at once: its stated capacity. Beyond it `open` refuses with `busy`. */
  readonly slots: number;
  readonly contextTokens: number;
}

/**
 * An engine for load tests: no model, but tokens that come at a steady pace and that anyone can check (model.ts). It
 * takes next to no processor, so that two cores can carry a network under load and what is measured is the network.
 */
export function createSyntheticEngine(
  { clock, condition }: { readonly clock: Clock; readonly condition: Condition },
  { pace, slots, contextTokens }: SyntheticEngineOptions,
): TokenEngine {
  const ticker = createTicker(clock, 1000 / pace);
  let taken = 0;
  return {
    kind: "token",
    ...{ model: syntheticModel.id, name: syntheticModel.name },
    ...{ contextTokens, slots },
    profile: "synthetic 1 (load tests only)",
    async open(prompt, tokensMax) {
      if (condition.ailment() === "500") throw broken();
      const promptIds = idsOf(prompt);
      if (promptIds.length + tokensMax > contextTokens)
        throw tooLong(promptIds.length, tokensMax, contextTokens);
      if (taken >= slots) throw busy(slots);
      taken += 1;
      return openSequence(
        { ticker, condition },
        { promptIds, key: promptKey(prompt), release: () => (taken -= 1) },
      );
    },
    close: async () => condition.close(),
  };
}

/** Reading is this much quicker than speaking, as engines' prefill is. */
const readingSpeedup = 32;
/** How much slower a slow one is. */
const slowness = 20;

function openSequence(
  { ticker, condition }: { readonly ticker: Ticker; readonly condition: Condition },
  { promptIds, key, release }: { promptIds: TokenId[]; key: number; release: () => void },
): TokenSequence {
  let answer: TokenId[] = [];
  let unread = promptIds.length;
  let closed = false;

  /** Time passes: for steps of speaking, and for what is to be read. */
  async function work(steps: number, signal: AbortSignal): Promise<void> {
    const slow = condition.ailment() === "slow" ? slowness : 1;
    const wait = Math.floor((steps + unread / readingSpeedup) * slow);
    unread = 0;
    await ticker.wait(wait, signal);
    while (condition.ailment() === "stall") await Promise.race([condition.changed(), aborted(signal)]);
    signal.throwIfAborted();
    if (condition.ailment() === "500") throw broken();
  }

  return {
    promptIds,
    async judge(ids, signal) {
      unread += ids.length;
      await work(0, signal);
      const from = answer.length;
      answer.push(...ids);
      return ids.map((id, offset) => [
        condition.ailment() === "collude" && id === lieFor(key, from + offset)
          ? { id, logit: 0 }
          : honest(key, from + offset),
      ]);
    },
    async next(ids, signal) {
      await work(1, signal);
      answer.push(...ids);
      return [spoken(key, answer.length, condition)];
    },
    logitsOf: async (position, ids) =>
      ids.map((id) => (id === tokenAt(key, position) ? 0 : Number.NEGATIVE_INFINITY)),
    async keep(length) {
      answer = answer.slice(0, length);
    },
    text: (ids) => ids.map(wordOf).join(""),
    ends: () => false,
    close() {
      if (!closed) release();
      closed = true;
    },
  };
}

/** One candidate is a vocabulary in which nothing else can be said, at any temperature and by any seed. */
function honest(key: number, position: number): Candidate {
  return { id: tokenAt(key, position), logit: 0 };
}

function spoken(key: number, position: number, condition: Condition): Candidate {
  const ailment = condition.ailment();
  // Beyond what the protocol lets an id be: the gateway's reader meets it as it would meet any nonsense.
  if (ailment === "garbage") return { id: 2 ** 31 + position, logit: 0 };
  if (ailment === "lie" || ailment === "collude") return { id: lieFor(key, position), logit: 0 };
  return honest(key, position);
}

/** All liars tell the same lie, so that those who collude find theirs in each other's words. */
function lieFor(key: number, position: number): TokenId {
  return (tokenAt(key, position) + 1) % vocabularyTokens;
}

/** A word is a token. Which one plays no part in the answer; nodes only have to agree on it. */
function idsOf(prompt: Prompt): TokenId[] {
  const key = promptKey(prompt);
  return [...textsOf(prompt).join(" ").matchAll(/\S+/g), 0].map((_, index) => tokenAt(key ^ 1, index));
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function busy(slots: number): HoldfastError {
  return new HoldfastError("Every slot of this engine is taken.", {
    ...{ code: "busy", fault: "peer", retryable: true, facts: { slots } },
  });
}

function broken(): HoldfastError {
  return new HoldfastError("The engine failed, as it was told to.", { code: "engine", fault: "environment" });
}

function tooLong(promptTokens: number, answerTokens: number, contextTokens: number): HoldfastError {
  return new HoldfastError(
    `The prompt (${promptTokens} tokens) and the answer asked for (${answerTokens}) do not fit the window of ${contextTokens} tokens.`,
    {
      ...{ code: "context-overflow", fault: "user", facts: { promptTokens, answerTokens, contextTokens } },
      remedy: "Shorten the prompt or lower max_tokens; nothing is ever cut silently.",
    },
  );
}
