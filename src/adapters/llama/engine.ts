import type { LlamaContext, LlamaContextSequence } from "node-llama-cpp";
import type { ModelId } from "../../domain/ids.ts";
import type { Prompt } from "../../domain/inference/spec.ts";
import type { TokenEngine, TokenSequence } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { mayFit } from "./prompt.ts";
import { loadRuntime, type Numerics, profileOf, type Runtime } from "./runtime.ts";
import { commonPrefix, contextOverflow, openSequence } from "./sequence.ts";
import { createTokenizer } from "./tokenizer.ts";
import { readVocabulary } from "./vocabulary.ts";

export interface LlamaEngineOptions {
  /** A GGUF file. */
  readonly file: string;
  /** Its identity, checked by whoever fetched it. */
  readonly model: ModelId;
  readonly name: string;
  /** Jobs it holds at once. Each costs the memory of a whole window (about 45 MB at 2048 for the default model). */
  readonly slots: number;
  /** Window of each job, tokens; at most what the model was trained on. */
  readonly contextTokens: number;
  /** CPU threads. 1 on a machine shared by several nodes: spinning threads beside a busy process stall. */
  readonly threads: number;
  /** "auto" uses a GPU where the machine and the installed binaries have one. */
  readonly gpu: "auto" | false;
  /** Other arithmetic than the default (flash attention on a GPU, keys and values in f16). The profile says so. */
  readonly numerics?: Partial<Numerics>;
  /** Tokens evaluated in one step for all jobs together. Also the longest a neighbour or a cancellation waits. */
  readonly batchTokens?: number;
  /** Prompt tokens of one job evaluated in one step. */
  readonly promptPieceTokens?: number;
}

/**
 * llama.cpp in this process. Throws HoldfastError `engine-missing`, `engine-unusable`, `model-unloadable`,
 * `out-of-memory`, all with a remedy.
 */
export async function createLlamaEngine(options: LlamaEngineOptions): Promise<TokenEngine> {
  const runtime = await loadRuntime(options);
  const onGpu = runtime.llama.gpu !== false;
  const numerics: Numerics = { flashAttention: onGpu, kv: "f16", ...options.numerics };
  const context = await createContext(runtime, options, numerics);
  const { promptIds: readPrompt, knows, text, ends } = createTokenizer(runtime);
  const profile = await profileOf(runtime, numerics);
  const vocabulary = readVocabulary(runtime);
  const { contextSize: contextTokens } = context;
  const free: LlamaContextSequence[] = [];
  for (let i = 0; i < options.slots; i += 1) free.push(context.getSequence({ contextShift: neverShift }));
  let closing: Promise<void> | undefined;

  return {
    kind: "token",
    model: options.model,
    name: options.name,
    contextTokens,
    slots: options.slots,
    profile,
    ...(vocabulary === undefined ? {} : { vocabulary }),
    open,
    close() {
      closing ??= close();
      return closing;
    },
  };

  async function open(prompt: Prompt, tokensMax: number, signal?: AbortSignal): Promise<TokenSequence> {
    // Tokenising holds the thread, so it can only be spared, not stopped.
    signal?.throwIfAborted();
    if (closing !== undefined)
      throw new HoldfastError("The engine is closing.", { code: "closing", fault: "peer" });
    if (!mayFit(prompt, contextTokens)) {
      // A lower bound, named as what it is: the prompt was not tokenised.
      throw contextOverflow({ promptTokens: contextTokens, answerTokens: tokensMax, contextTokens });
    }
    const promptIds = readPrompt(prompt);
    if (promptIds.length + tokensMax > contextTokens) {
      throw contextOverflow({ promptTokens: promptIds.length, answerTokens: tokensMax, contextTokens });
    }
    const cache = takeBest(free, promptIds);
    if (cache === undefined) {
      throw new HoldfastError("Every slot of this engine is taken.", {
        code: "busy",
        fault: "peer",
        retryable: true,
        facts: { slots: options.slots },
      });
    }
    return openSequence(cache, {
      promptIds,
      contextTokens,
      promptPieceTokens: options.promptPieceTokens ?? (onGpu ? 512 : promptPieceTokensCpu),
      ...{ knows, text, ends },
      release: () => free.push(cache),
    });
  }

  async function close(): Promise<void> {
    await context.dispose();
    await runtime.model.dispose();
    await runtime.llama.dispose();
  }
}

/** Larger steps were no cheaper per token (32 to 256, within noise), and a cancelled prompt waits for one: 0.3 s. */
const promptPieceTokensCpu = 32;

async function createContext(
  { llama, model }: Runtime,
  options: LlamaEngineOptions,
  { flashAttention, kv }: Numerics,
): Promise<LlamaContext> {
  const kvType = kv.toUpperCase() as "F16" | "Q8_0" | "Q4_0";
  try {
    return await model.createContext({
      sequences: options.slots,
      contextSize: Math.min(options.contextTokens, model.trainContextSize),
      batchSize: options.batchTokens ?? 512,
      threads: { ideal: options.threads, min: options.threads },
      flashAttention,
      ...(kv === "f16" ? {} : { experimentalKvCacheKeyType: kvType, experimentalKvCacheValueType: kvType }),
      failedCreationRemedy: false,
    });
  } catch (error) {
    await model.dispose();
    await llama.dispose();
    throw new HoldfastError("There is too little memory for the model's window.", {
      code: "out-of-memory",
      fault: "environment",
      remedy: "Ask for fewer slots or a shorter context.",
      facts: { slots: options.slots, contextTokens: options.contextTokens },
      cause: error,
    });
  }
}

/** Size is checked before every step, so this is never called; were it, the default would cut the prompt silently. */
const neverShift = {
  strategy: () => {
    throw new HoldfastError("The window is full.", { code: "context-overflow", fault: "holdfast" });
  },
};

/** The free sequence that already holds most of this prompt; the one that holds least when none holds any. */
function takeBest(
  free: LlamaContextSequence[],
  promptIds: readonly number[],
): LlamaContextSequence | undefined {
  let best = -1;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const [index, cache] of free.entries()) {
    const held = cache.contextTokens;
    const score = commonPrefix(held, promptIds) * 1e6 - held.length;
    if (score > bestScore) {
      best = index;
      bestScore = score;
    }
  }
  return best < 0 ? undefined : free.splice(best, 1)[0];
}
