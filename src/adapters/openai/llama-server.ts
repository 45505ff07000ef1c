import * as z from "zod";
import type { Vocabulary } from "../../domain/grammar/vocabulary.ts";
import type { TokenId } from "../../domain/ids.ts";
import type { Prompt } from "../../domain/inference/spec.ts";
import type { Candidate } from "../../domain/verification/sampler.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import type { JsonCalls } from "./json-calls.ts";
import { garbage } from "./upstream-error.ts";

/** A llama-server (llama.cpp's own), by its native API: it takes token ids and shows the likeliest next ones. */
export interface LlamaServer {
  /** Window of each of its slots, tokens. */
  readonly contextTokens: number;
  readonly slots: number;
  /** Its build, as it says. */
  readonly build: string;
  /** What each token adds to a text; nothing for one that is no text. */
  readonly bytes: readonly Uint8Array[];
  /** Tokens that end an answer. */
  readonly ends: ReadonlySet<TokenId>;
  /** The same, as a schema is held to. */
  readonly vocabulary: Vocabulary;
  promptIds(prompt: Prompt, signal: AbortSignal | undefined): Promise<TokenId[]>;
  /** The `count` likeliest tokens after `ids`, in canonical order. `slot` keeps what they have in common with the last. */
  after(ids: readonly TokenId[], slot: number, count: number, signal: AbortSignal): Promise<Candidate[]>;
}

const propsSchema = z.object({
  build_info: z.string().max(200),
  total_slots: z.int().min(1).max(1024),
  default_generation_settings: z.object({
    n_ctx: z
      .int()
      .min(1)
      .max(2 ** 31),
  }),
});
const modelsSchema = z.object({
  data: z
    .array(z.object({ meta: z.object({ n_vocab: z.int().min(1).max(limits.engineVocabularyMax) }) }))
    .min(1),
});
const idSchema = z.int().min(0).max(limits.engineVocabularyMax);
const tokensSchema = z.object({ tokens: z.array(idSchema) });
const completionSchema = z.object({
  tokens_evaluated: z.int(),
  truncated: z.boolean(),
  completion_probabilities: z
    .array(z.object({ top_logprobs: z.array(z.object({ id: idSchema, logprob: z.number().max(0.01) })) }))
    .length(1),
});
const vocabularySchema = z.object({
  generation_settings: z.object({ logit_bias: z.array(z.object({ token: idSchema })).max(1024) }),
  completion_probabilities: z
    .array(
      z.object({
        top_logprobs: z.array(
          z.object({ id: idSchema, bytes: z.array(z.int().min(0).max(255)).max(limits.tokenLengthMax) }),
        ),
      }),
    )
    .length(1),
});

/**
 * Asks the server what it is. Its logprobs are its logits less one number for each position, which neither margins
 * (differences) nor leaves (distances below the largest) can see, so they serve as logits everywhere.
 */
export async function readLlamaServer({ call }: JsonCalls, signal?: AbortSignal): Promise<LlamaServer> {
  const props = await call("/props", propsSchema, { signal });
  const { data } = await call("/v1/models", modelsSchema, { signal });
  const size = data[0]!.meta.n_vocab;
  const { bytes, ends } = await readTokens(call, size, signal);

  async function after(ids: readonly TokenId[], slot: number, count: number, signal: AbortSignal) {
    const body = {
      ...{ prompt: ids, n_predict: 1, n_probs: count, id_slot: slot, cache_prompt: true },
      // The token it says is thrown away: what is wanted are the likeliest ones, before any sampler.
      ...{ temperature: 0, post_sampling_probs: false, stream: false },
      response_fields: ["completion_probabilities", "tokens_evaluated", "truncated"],
    };
    const bytesMax =
      count > limits.engineCandidatesFirst ? limits.engineVocabularyBytesMax : limits.engineReplyBytesMax;
    const reply = await call("/completion", completionSchema, { body, bytesMax, signal });
    if (reply.truncated || reply.tokens_evaluated !== ids.length)
      throw garbage("candidates after other tokens than it was given");
    return canonical(reply.completion_probabilities[0]!.top_logprobs, Math.min(count, size), size);
  }

  return {
    contextTokens: props.default_generation_settings.n_ctx,
    slots: props.total_slots,
    build: props.build_info,
    ...{ bytes, ends, after, vocabulary: vocabularyOf(bytes, ends) },
    promptIds: (prompt, signal) => readPrompt(call, prompt, signal),
  };
}

/** Exactly so many different tokens of the vocabulary: a shorter list would say that there are no others. */
function canonical(
  list: ReadonlyArray<{ readonly id: number; readonly logprob: number }>,
  count: number,
  size: number,
): Candidate[] {
  const ids = new Set(list.map(({ id }) => id));
  if (list.length !== count || ids.size !== count)
    throw garbage(`${ids.size} candidates instead of ${count}`);
  if (list.some(({ id }) => id >= size)) throw garbage("a token that is not in its vocabulary");
  return list
    .map(({ id, logprob }) => ({ id, logit: logprob }))
    .sort((a, b) => b.logit - a.logit || a.id - b.id);
}

/**
 * The whole vocabulary as the candidates of one step: each comes with its bytes, where `/detokenize` has a replacement
 * character for half of one. Told to ignore the tokens that end an answer, the server echoes which these are.
 */
async function readTokens(call: JsonCalls["call"], size: number, signal: AbortSignal | undefined) {
  const body = {
    ...{ prompt: [0], n_predict: 1, n_probs: size, ignore_eos: true, stream: false },
    response_fields: ["completion_probabilities", "generation_settings"],
  };
  const bytesMax = limits.engineVocabularyBytesMax;
  const reply = await call("/completion", vocabularySchema, { body, bytesMax, signal });
  const bytes: Uint8Array[] = [];
  for (const token of reply.completion_probabilities[0]!.top_logprobs) {
    if (token.id >= size || bytes[token.id] !== undefined)
      throw garbage("a vocabulary that contradicts itself");
    bytes[token.id] = Uint8Array.from(token.bytes);
  }
  if (Object.keys(bytes).length !== size) throw garbage("a part of its vocabulary");
  const ends = new Set(reply.generation_settings.logit_bias.map(({ token }) => token));
  if (ends.size === 0) throw garbage("a vocabulary in which nothing ends an answer");
  return { bytes, ends };
}

function vocabularyOf(bytes: readonly Uint8Array[], ends: ReadonlySet<TokenId>): Vocabulary {
  const starting: TokenId[][] = Array.from({ length: 256 }, () => []);
  for (const [id, [first]] of bytes.entries()) if (first !== undefined) starting[first]!.push(id);
  return {
    bytesOf: (id) => bytes[id] ?? none,
    startingWith: (byte) => starting[byte] ?? [],
    ends: [...ends].sort((a, b) => a - b),
  };
}

const none = new Uint8Array(0);

const templatedSchema = z.object({ prompt: z.string() });

/** Around each message's number, where its words will be; private use, so that no template has them. */
const [before, behind] = ["\u{F8F0}", "\u{F8F1}"];

/**
 * As the embedded engine reads a prompt: the template is rendered around places for the messages, its parts are
 * tokenised with their special tokens and the messages without, so that one that contains `<|im_end|>` stays a message.
 */
async function readPrompt(
  call: JsonCalls["call"],
  prompt: Prompt,
  signal: AbortSignal | undefined,
): Promise<TokenId[]> {
  const tokenize = async (content: string, parse_special: boolean, add_special = false) =>
    (await call("/tokenize", tokensSchema, { body: { content, parse_special, add_special }, signal })).tokens;
  const ids: TokenId[] = [];
  if (prompt.kind === "text") ids.push(...(await tokenize(prompt.text, false)));
  else {
    const messages = prompt.messages.map(({ role }, at) => ({ role, content: `${before}${at}${behind}` }));
    const { prompt: rendered } = await call("/apply-template", templatedSchema, {
      body: { messages },
      signal,
    });
    for (const [at, part] of rendered.split(/\u{F8F0}(\d+)\u{F8F1}/u).entries()) {
      const isMessage = at % 2 === 1;
      const text = isMessage ? prompt.messages[Number(part)]?.content : part;
      if (text === undefined) throw garbage("a template with a message that was not given");
      if (text !== "") ids.push(...(await tokenize(text, !isMessage)));
    }
  }
  const [bos] = await tokenize("", true, true);
  if (bos !== undefined && ids[0] !== bos) return [bos, ...ids];
  if (ids.length > 0) return ids;
  throw new HoldfastError("The prompt is empty.", { code: "empty-prompt", fault: "user" });
}
