import * as z from "zod";
import type { TokenId } from "../../domain/ids.ts";
import { type Candidate, candidateCount } from "../../domain/verification/sampler.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import type { JsonCalls } from "./json-calls.ts";
import { garbage } from "./upstream-error.ts";

/**
 * A vLLM server, by its completions: it takes token ids, and shows the likeliest tokens after a prompt (`logprobs`) and at
 * every position within one (`prompt_logprobs`). Written by its documentation and its sources, 0.10.2 to 0.32, and tried
 * with 0.32.0 on a processor.
 */
export interface Vllm {
  /** Its window, tokens. */
  readonly contextTokens: number;
  readonly version: string;
  /** The 64 likeliest tokens after these, in canonical order. What they have in common with earlier ones it may have cached. */
  after(ids: readonly TokenId[], signal?: AbortSignal): Promise<Candidate[]>;
  /**
   * What it says of each of these tokens from position `from` (not the first) on, all in one step. It reads all of them
   * anew for that: with `prompt_logprobs` no cache is read (`skip_reading_prefix_cache` in vllm/sampling_params.py).
   */
  along(ids: readonly TokenId[], from: number, signal?: AbortSignal): Promise<Seen[]>;
}

export interface Seen {
  /** The 64 likeliest there, in canonical order. */
  readonly candidates: Candidate[];
  /** Of the token that stands there, be it one of them or not. */
  readonly logit: number;
}

const idText = /^(?:0|[1-9]\d{0,6})$/;
/** −9999 stands for −∞ (vllm/entrypoints, clamp_prompt_logprobs); with `--logprobs-mode raw_logits` they may be above 0. */
const logprob = z.number().min(-10_000).max(10_000);
const shown = z.record(z.string().regex(idText), z.object({ logprob }));
const versionSchema = z.object({ version: z.string().max(100) });
const modelsSchema = z.object({
  data: z.array(
    z.object({
      id: z.string().max(1_000),
      /** Adapters of a model have none. */
      max_model_len: z
        .int()
        .min(2)
        .max(2 ** 31)
        .nullish(),
    }),
  ),
});
const one = <T extends z.ZodRawShape>(choice: T) =>
  z.object({ choices: z.array(z.object(choice)).length(1) });
const echoed = { prompt_token_ids: z.array(z.int()) };
const afterSchema = one({
  ...echoed,
  logprobs: z.object({
    top_logprobs: z.array(z.record(z.string().regex(/^token_id:\d{1,7}$/), logprob)).length(1),
  }),
});
/** Of the positions that were not asked for nothing is read. */
const alongSchema = one({ ...echoed, prompt_logprobs: z.array(z.unknown()) });

/** Nothing of the server's own defaults, nor of the model's `generation_config`: the raw distribution, and one token of it. */
const plain = {
  ...{ max_tokens: 1, temperature: 0, top_p: 1, top_k: -1, min_p: 0, repetition_penalty: 1 },
  ...{ presence_penalty: 0, frequency_penalty: 0, stream: false, return_token_ids: true },
};

/**
 * Asks the server what it is, and for the model of this name. `size`: of the model's vocabulary. A logprob is a logit less
 * one number for each position, which neither margins nor leaves can see, so it serves as one.
 */
export async function readVllm(
  { call }: JsonCalls,
  { model, size }: { readonly model: string; readonly size: number },
  signal?: AbortSignal,
): Promise<Vllm> {
  const { version } = await call("/version", versionSchema, { signal });
  const { data } = await call("/v1/models", modelsSchema, { signal });
  const served = data.find(({ id }) => id === model);
  if (typeof served?.max_model_len !== "number")
    throw garbage("a list of models without the one that is named, or without its window");

  async function ask<T extends z.infer<ReturnType<typeof one<typeof echoed>>>>(
    schema: z.ZodType<T>,
    ids: readonly TokenId[],
    more: object,
    { bytesMax, signal }: { readonly bytesMax: number; readonly signal: AbortSignal | undefined },
  ): Promise<T["choices"][number]> {
    const body = { ...plain, ...more, model, prompt: ids };
    const { choices } = await call("/v1/completions", schema, { body, bytesMax, signal }).catch(explained);
    const choice = choices[0]!;
    const { prompt_token_ids: read } = choice;
    if (read.length !== ids.length || read.some((id, at) => id !== ids[at]))
      throw garbage("candidates after other tokens than it was given");
    return choice;
  }

  return {
    contextTokens: served.max_model_len,
    version,
    async after(ids, signal) {
      const more = { logprobs: candidateCount, return_tokens_as_token_ids: true };
      const room = { bytesMax: limits.engineReplyBytesMax, signal };
      const { logprobs } = await ask(afterSchema, ids, more, room);
      const entries = Object.entries(logprobs.top_logprobs[0]!);
      return canonical(
        entries.map(([text, logit]) => ({ id: Number(text.slice("token_id:".length)), logit })),
        size,
      );
    },
    async along(ids, from, signal) {
      const bytesMax = Math.max(limits.engineReplyBytesMax, ids.length * limits.enginePositionBytesMax);
      const more = { prompt_logprobs: candidateCount };
      const { prompt_logprobs: all } = await ask(alongSchema, ids, more, { bytesMax, signal });
      if (all.length !== ids.length) throw garbage(`${all.length} positions instead of ${ids.length}`);
      return all.slice(from).map((entry, at) => seen(entry, ids[from + at]!, size));
    },
  };
}

/** What is asked has one form, whoever asks: it is never the application's fault. */
function explained(error: unknown): never {
  if (!(error instanceof HoldfastError) || error.code !== "bad-request") throw error;
  throw new HoldfastError("This vLLM refuses what a witness has to ask of it.", {
    ...{ code: "upstream-refused", fault: "environment", cause: error },
    remedy: "Take version 0.10.2 or later, and start it with --max-logprobs 64.",
  });
}

function seen(entry: unknown, id: TokenId, size: number): Seen {
  const parsed = shown.safeParse(entry);
  if (!parsed.success) throw garbage("a position of another shape");
  const own = parsed.data[id];
  if (own === undefined) throw garbage("a position without the token that stands there");
  const list = Object.entries(parsed.data).map(([text, { logprob: logit }]) => ({ id: Number(text), logit }));
  return { candidates: canonical(list, size), logit: own.logprob };
}

/** Beside the likeliest there may be one more: the token that was said, or stands there. */
function canonical(list: Candidate[], size: number): Candidate[] {
  const count = Math.min(candidateCount, size);
  if (list.length < count || list.length > count + 1)
    throw garbage(`${list.length} candidates instead of ${count}`);
  if (list.some(({ id }) => id >= size)) throw garbage("a token that is not in its vocabulary");
  return list.sort((a, b) => b.logit - a.logit || a.id - b.id).slice(0, count);
}
