import type { ModelId, TokenId } from "../../domain/ids.ts";
import type { Prompt } from "../../domain/inference/spec.ts";
import { leafDistance } from "../../domain/verification/distance.ts";
import { leafOf } from "../../domain/verification/leaf.ts";
import type { TokenEngine } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { openForcedSequence, type Words } from "./forced-sequence.ts";
import { createJsonCalls } from "./json-calls.ts";
import { createRoom } from "./room.ts";
import { readVllm, type Vllm } from "./vllm.ts";

/** What the model's own file says: prompts to ids and ids to text, as on every other node that has the file. */
export interface ModelWords extends Words {
  readonly size: number;
  promptIds(prompt: Prompt): TokenId[];
}

export interface VllmOptions {
  /** Of the server's root; `/v1` at its end is taken off. */
  readonly url: string;
  readonly key?: string;
  /** What the server calls the model. */
  readonly upstreamModel: string;
  /** SHA-256 of the file whose weights it serves, as its operator vouches for. */
  readonly model: ModelId;
  readonly name: string;
  /** At most what the server has. */
  readonly contextTokens: number;
  readonly slots: number;
}

/**
 * A vLLM server as an engine that knows token ids: it speaks and resumes token for token by the canonical sampler, and
 * witnesses at every position. Tried with one version on a plain processor (test/long/real-vllm.test.ts), never with what it
 * is made for, so its offer says `unverified`; nor can its arithmetic be had from it.
 * Throws HoldfastError `upstream-…` when the server is not there or not what it should be.
 */
export async function createVllmEngine(
  { words }: { readonly words: ModelWords },
  options: VllmOptions,
  signal?: AbortSignal,
): Promise<TokenEngine> {
  const { url, key, model, name, slots } = options;
  const calls = createJsonCalls({ url, slots: slots + 1, ...(key === undefined ? {} : { key }) });
  const server = await opened().catch(async (error: unknown) => {
    await calls.close();
    throw error;
  });
  // One token less than it has: to look at a text it has to say one more.
  const contextTokens = Math.min(
    options.contextTokens,
    server.contextTokens - 1,
    limits.engineForcedTokensMax,
  );
  const room = createRoom({ contextTokens, slots });

  return {
    kind: "token",
    ...{ model, name, contextTokens, slots, unverified: true },
    profile: `vllm@${server.version.replace(/[^\w.+-]/g, "_")} arithmetic=unknown`.slice(0, 256),
    async open(prompt, tokensMax, signal) {
      signal?.throwIfAborted();
      return room.seat({ prompt, tokensMax, promptIds: () => words.promptIds(prompt) }, (seat) =>
        openForcedSequence({ server, words }, seat),
      );
    },
    close: calls.close,
  };

  async function opened(): Promise<Vllm> {
    const server = await readVllm(calls, { model: options.upstreamModel, size: words.size }, signal);
    const ids = words.promptIds({ kind: "text", text: "The sea is large, and the ships on it are small." });
    await tryOut(server, ids, signal);
    return server;
  }
}

/** Would it show the same after a text as within it? A server that alters what it shows makes an honest node a liar. */
async function tryOut(server: Vllm, ids: readonly TokenId[], signal: AbortSignal | undefined): Promise<void> {
  const at = ids.length - 1;
  const after = await server.after(ids.slice(0, at), signal);
  const [within] = await server.along(ids, at, signal);
  const [one, other] = [leafOf(after), leafOf(within!.candidates)];
  if (one !== undefined && other !== undefined && leafDistance(one, other) < probeDistanceMax) return;
  throw new HoldfastError("This vLLM shows other logprobs after a text than within it.", {
    ...{ code: "upstream-garbage", fault: "environment" },
    remedy: "Start it with --logprobs-mode raw_logprobs, and without logits processors of its own.",
  });
}

/** Logits. Honest engines stay below 0.5 at a position (design: hard single position); two schedules of one are nearer. */
const probeDistanceMax = 0.5;
