import type { ModelId } from "../../domain/ids.ts";
import type { Random, TokenEngine } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { createJsonCalls } from "./json-calls.ts";
import { readLlamaServer } from "./llama-server.ts";
import { openSampledSequence } from "./sampled-sequence.ts";

export interface LlamaServerOptions {
  /** Of the server's root; `/v1` at its end is taken off. */
  readonly url: string;
  readonly key?: string;
  /** SHA-256 of the file it serves, as its operator vouches for. */
  readonly model: ModelId;
  readonly name: string;
  /** At most what the server has. */
  readonly contextTokens: number;
  readonly slots: number;
}

/**
 * A llama-server as an engine that knows token ids: it speaks and resumes token for token by the canonical sampler, and
 * witnesses at positions it draws itself. The profile names its build; its processor, cache and flash attention are not
 * to be had from it, so no calibration covers it and its fingerprints prove nothing: it takes no part in them.
 * Throws HoldfastError `upstream-…` when the server is not there or not what it should be.
 */
export async function createLlamaServerEngine(
  { random }: { readonly random: Random },
  options: LlamaServerOptions,
  signal?: AbortSignal,
): Promise<TokenEngine> {
  const { key, model, name } = options;
  const url = options.url.replace(/\/+$/, "").replace(/\/v1$/, "");
  const calls = createJsonCalls({ url, slots: options.slots + 1, ...(key === undefined ? {} : { key }) });
  const server = await readLlamaServer(calls, signal).catch(async (error: unknown) => {
    await calls.close();
    throw error;
  });
  const contextTokens = Math.min(options.contextTokens, server.contextTokens);
  const slots = Math.min(options.slots, server.slots);
  const free = Array.from({ length: slots }, (_, slot) => slot);

  return {
    kind: "token",
    ...{ model, name, contextTokens, slots },
    profile: `llama-server@${server.build.replace(/[^\w.-]/g, "_")} arithmetic=unknown`.slice(0, 256),
    vocabulary: server.vocabulary,
    sampled: true,
    async open(prompt, tokensMax, signal) {
      const texts = prompt.kind === "text" ? [prompt.text] : prompt.messages.map(({ content }) => content);
      const units = texts.reduce((sum, text) => sum + text.length, 0);
      // A lower bound, so that what cannot fit is not sent.
      if (units > contextTokens * limits.tokenLengthMax) throw overflow(contextTokens, tokensMax);
      const slot = free.shift();
      if (slot === undefined) throw busy(slots);
      try {
        const promptIds = await server.promptIds(prompt, signal);
        if (promptIds.length + tokensMax > contextTokens) throw overflow(promptIds.length, tokensMax);
        return openSampledSequence(
          { server, random },
          { promptIds, contextTokens, slot, overflow, release: () => free.push(slot) },
        );
      } catch (error) {
        free.push(slot);
        throw error;
      }
    },
    close: calls.close,
  };

  function overflow(promptTokens: number, answerTokens: number): HoldfastError {
    return new HoldfastError(
      `The prompt (${promptTokens} tokens) and the answer asked for (${answerTokens}) do not fit the model's window of ${contextTokens} tokens.`,
      {
        ...{ code: "context-overflow", fault: "user" },
        remedy: "Shorten the prompt or lower max_tokens; nothing is ever cut silently.",
        facts: { promptTokens, answerTokens, contextTokens },
      },
    );
  }
}

function busy(slots: number): HoldfastError {
  return new HoldfastError("Every slot of this engine is taken.", {
    ...{ code: "busy", fault: "peer", retryable: true, facts: { slots } },
  });
}
