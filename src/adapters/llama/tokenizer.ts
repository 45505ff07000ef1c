import type { LlamaModel } from "node-llama-cpp";
import type { TokenId } from "../../domain/ids.ts";
import type { Prompt } from "../../domain/inference/spec.ts";
import type { TokenSequence } from "../../ports.ts";
import { createPromptReader } from "./prompt.ts";
import { loadRuntime, type Runtime } from "./runtime.ts";
import { addedText } from "./text.ts";

/** Prompts to token ids, and ids to text, as the model's file says: the same on every node that has the file. */
export interface Tokenizer extends Pick<TokenSequence, "text" | "ends"> {
  /** Tokens in its vocabulary. */
  readonly size: number;
  /** Is it one of them? Ids come from strangers, and at one that is not the runtime does not throw: it aborts. */
  knows(id: TokenId): boolean;
  /** Throws HoldfastError `empty-prompt`, `bad-messages`, `no-chat-template` (fault user). */
  promptIds(prompt: Prompt): TokenId[];
}

export function createTokenizer(runtime: Runtime): Tokenizer {
  const { model } = runtime;
  const size = model.fileInfo.metadata.tokenizer.ggml.tokens.length;
  const knows = (id: TokenId) => id >= 0 && id < size;
  return {
    ...{ size, knows, promptIds: createPromptReader(runtime) },
    text: (ids, before) => addedText(model, ids.filter(knows), before.filter(knows)),
    ends: (id) => knows(id) && model.isEogToken(id as Parameters<LlamaModel["isEogToken"]>[0]),
  };
}

/** Only that of a file, for a model that is computed elsewhere: without its weights, 1.3 s for the default model. */
export async function openTokenizer(file: string): Promise<Tokenizer & { close(): Promise<void> }> {
  const runtime = await loadRuntime({ file, threads: 1, gpu: false, vocabularyOnly: true });
  return {
    ...createTokenizer(runtime),
    async close() {
      await runtime.model.dispose();
      await runtime.llama.dispose();
    },
  };
}
