import type { ModelId } from "../../domain/ids.ts";
import type { Random, TokenEngine } from "../../ports.ts";
import { createJsonCalls } from "./json-calls.ts";
import { readLlamaServer } from "./llama-server.ts";
import { createRoom } from "./room.ts";
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
  const { url, key, model, name } = options;
  const calls = createJsonCalls({ url, slots: options.slots + 1, ...(key === undefined ? {} : { key }) });
  const server = await readLlamaServer(calls, signal).catch(async (error: unknown) => {
    await calls.close();
    throw error;
  });
  const room = createRoom({
    contextTokens: Math.min(options.contextTokens, server.contextTokens),
    slots: Math.min(options.slots, server.slots),
  });

  return {
    kind: "token",
    ...{ model, name, contextTokens: room.contextTokens, slots: room.slots },
    profile: `llama-server@${server.build.replace(/[^\w.-]/g, "_")} arithmetic=unknown`.slice(0, 256),
    vocabulary: server.vocabulary,
    sampled: true,
    open: (prompt, tokensMax, signal) =>
      room.seat({ prompt, tokensMax, promptIds: () => server.promptIds(prompt, signal) }, (seat) =>
        openSampledSequence({ server, random }, seat),
      ),
    close: calls.close,
  };
}
