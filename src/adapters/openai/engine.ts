import { createHash } from "node:crypto";
import { Agent, request } from "undici";
import * as z from "zod";
import type { ModelId } from "../../domain/ids.ts";
import type { TextEngine } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { serverEvents } from "./server-events.ts";
import { garbage, refusal, unreachable } from "./upstream-error.ts";

export interface OpenAiEngineOptions {
  /** Base URL, as an OpenAI client takes it: what `/chat/completions` is appended to. */
  readonly url: string;
  /** Sent as a bearer token to this server and nowhere else. */
  readonly key?: string;
  /** The server's own name of the model. */
  readonly upstreamModel: string;
  /** What the node offers it as. */
  readonly name: string;
  readonly contextTokens: number;
  readonly slots: number;
  /**
   * Can it go on from a begun answer? "assistant": a last message of the assistant is continued (llama-server, many
   * cloud APIs); "vllm": the same with vLLM's `continue_final_message`. false: no.
   */
  readonly resume?: "assistant" | "vllm" | false;
}

type SpeakRequest = Parameters<TextEngine["speak"]>[0];

/**
 * Any OpenAI-compatible server as an engine. It gives text and no logits, so it can speak but not witness, and its
 * model is known only by the name the operator states: the id is SHA-256 of `openai:<upstream model name>`, which
 * says "what calls itself this", not "these weights".
 */
export function createOpenAiEngine(options: OpenAiEngineOptions): TextEngine {
  const agent = new Agent({
    connections: options.slots,
    connect: { timeout: limits.connectMsMax },
    headersTimeout: limits.engineSilenceMsMax,
    bodyTimeout: limits.engineSilenceMsMax,
  });
  const base = options.url.replace(/\/+$/, "");
  const resume = options.resume ?? false;
  return {
    kind: "text",
    model: openAiModelId(options.upstreamModel),
    name: options.name,
    contextTokens: options.contextTokens,
    slots: options.slots,
    profile: `openai ${options.upstreamModel}`.slice(0, 256),
    resume: resume !== false,
    speak,
    close: () => agent.destroy(),
  };

  async function* speak(asked: SpeakRequest, signal: AbortSignal): AsyncGenerator<string, "stop" | "length"> {
    if (asked.begun !== "" && resume === false && asked.prompt.kind === "chat") {
      throw new HoldfastError("This upstream cannot go on from a begun answer.", {
        code: "cannot-resume",
        fault: "peer",
      });
    }
    try {
      const events = serverEvents(await post(asked, signal));
      return yield* pieces(events, asked.tokensMax * limits.tokenLengthMax);
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(error);
    }
  }

  async function post(asked: SpeakRequest, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const chat = asked.prompt.kind === "chat";
    const response = await request(`${base}/${chat ? "chat/completions" : "completions"}`, {
      method: "POST",
      dispatcher: agent,
      signal,
      headers: {
        "content-type": "application/json",
        accept: "text/event-stream",
        ...(options.key === undefined ? {} : { authorization: `Bearer ${options.key}` }),
      },
      body: JSON.stringify(requestBody(asked)),
    });
    if (response.statusCode === 200) return response.body;
    const text = await firstBytes(response.body);
    const retryAfter = response.headers["retry-after"];
    throw refusal(response.statusCode, text, typeof retryAfter === "string" ? retryAfter : undefined);
  }

  function requestBody({ prompt, begun, tokensMax, temperature, topP, seed }: SpeakRequest): unknown {
    const common = {
      model: options.upstreamModel,
      stream: true,
      max_tokens: tokensMax,
      temperature,
      top_p: topP,
      // Servers take 32 bits or fewer; the seed's first 31 are as good as any.
      seed: Number.parseInt(seed.slice(0, 8), 16) & 0x7fffffff,
    };
    if (prompt.kind === "text") return { ...common, prompt: prompt.text + begun };
    if (begun === "") return { ...common, messages: prompt.messages };
    const messages = [...prompt.messages, { role: "assistant", content: begun }];
    if (resume !== "vllm") return { ...common, messages };
    return { ...common, messages, add_generation_prompt: false, continue_final_message: true };
  }
}

/** See createOpenAiEngine. */
export function openAiModelId(upstreamModel: string): ModelId {
  return `sha256:${createHash("sha256").update(`openai:${upstreamModel}`).digest("hex")}` as ModelId;
}

const eventSchema = z.object({
  error: z.unknown().optional(),
  choices: z
    .array(
      z.object({
        text: z.string().nullish(),
        delta: z
          .object({ content: z.string().nullish(), tool_calls: z.array(z.unknown()).nullish() })
          .nullish(),
        finish_reason: z.string().nullish(),
      }),
    )
    .nullish(),
});

/** The text of the answer, piece by piece, and how the server said it ended. */
async function* pieces(
  events: AsyncGenerator<string>,
  lengthMax: number,
): AsyncGenerator<string, "stop" | "length"> {
  let length = 0;
  for await (const data of events) {
    if (data === "[DONE]") break;
    const event = parseEvent(data);
    if (event.error !== undefined && event.error !== null) {
      throw refusal(500, JSON.stringify({ error: event.error }), undefined);
    }
    const choice = event.choices?.[0];
    if (choice === undefined) continue;
    if ((choice.delta?.tool_calls?.length ?? 0) > 0) throw strangeEnd("tool_calls");
    const text = choice.delta?.content ?? choice.text ?? "";
    length += text.length;
    if (length > lengthMax) throw garbage("an answer longer than was asked for");
    if (text !== "") yield text;
    const finish = choice.finish_reason;
    if (finish === "stop" || finish === "length") return finish;
    if (typeof finish === "string" && finish !== "") throw strangeEnd(finish);
  }
  // Without a stated reason the end is a cut, whatever the transport says: never pretend the answer was finished.
  throw new HoldfastError("The upstream's answer broke off.", {
    code: "upstream-cut",
    fault: "peer",
    retryable: true,
  });
}

function parseEvent(data: string): z.infer<typeof eventSchema> {
  try {
    return eventSchema.parse(JSON.parse(data));
  } catch {
    throw garbage("an event that is not the OpenAI format");
  }
}

function strangeEnd(reason: string): HoldfastError {
  return new HoldfastError("The upstream ended the answer in a way that cannot be passed on.", {
    code: "upstream-finish",
    fault: "peer",
    facts: { reason: reason.slice(0, 64) },
  });
}

async function firstBytes(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of body) {
    text += decoder.decode(bytes, { stream: true });
    if (text.length > limits.engineErrorLengthMax) break;
  }
  return text;
}
