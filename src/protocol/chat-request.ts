import * as z from "zod";
import type { Prompt } from "../domain/inference/spec.ts";
import { limits } from "./limits.ts";
import { invalidRequest, isRefusal, type Refusal } from "./openai.ts";
import { readResponseFormat } from "./response-format.ts";
import { refuseUnsupported } from "./unsupported.ts";

/** What the network backend takes from a request body; nothing of it is trusted before this. */
export interface AnswerRequest {
  readonly prompt: Prompt;
  readonly tokensMax: number | undefined;
  readonly temperature: number;
  readonly topP: number;
  /** 0 = off. */
  readonly minP: number;
  /** A JSON schema, as text, that the answer has to fit. */
  readonly schema: string | undefined;
  readonly stops: readonly string[];
  readonly seed: number | undefined;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly choices: number;
}

type Body = Readonly<Record<string, unknown>>;

/**
 * Reads a chat or completion body. What cannot be honoured is refused with 400 naming the parameter, never ignored;
 * metadata that changes nothing about the answer is ignored.
 */
export function parseAnswerRequest(
  endpoint: "chat/completions" | "completions",
  body: Body,
): AnswerRequest | Refusal {
  const unsupported = refuseUnsupported(body);
  if (unsupported !== undefined) return unsupported;
  const format = readResponseFormat(body["response_format"]);
  if (isRefusal(format)) return format;
  const form = endpoint === "chat/completions" ? chatSchema : completionSchema;
  const parsed = form.safeParse(body);
  if (!parsed.success) return refusalOf(parsed.error);
  const { stop, max_tokens, n, temperature, top_p, min_p, seed, stream, stream_options } = parsed.data;
  const longest = "max_completion_tokens" in parsed.data ? parsed.data.max_completion_tokens : undefined;
  const prompt: Prompt =
    "messages" in parsed.data
      ? { kind: "chat", messages: parsed.data.messages }
      : { kind: "text", text: parsed.data.prompt };
  return {
    prompt,
    tokensMax: longest ?? max_tokens ?? undefined,
    temperature: temperature ?? 1,
    topP: top_p ?? 1,
    minP: min_p ?? 0,
    schema: format.schema,
    stops: typeof stop === "string" ? [stop] : (stop ?? []),
    seed: seed ?? undefined,
    stream: stream ?? false,
    includeUsage: stream_options?.include_usage ?? false,
    choices: n ?? 1,
  };
}

const text = z.string().refine((value) => value.isWellFormed(), "contains half of a surrogate pair");

/** Content is a string or, as newer clients send it, a list of text parts. */
const content = z
  .union([
    text,
    z
      .array(z.object({ type: z.literal("text"), text }))
      .transform((parts) => parts.map((part) => part.text).join("")),
  ])
  .nullish()
  .transform((value) => value ?? "");

const stop = text.min(1).max(limits.stopLengthMax);

const shared = {
  max_tokens: z.int().min(1).max(limits.answerTokensMax).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().gt(0).max(1).nullish(),
  min_p: z.number().min(0).max(1).nullish(),
  stop: z.union([stop, z.array(stop).max(limits.stopsMax)]).nullish(),
  seed: z.int().nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  n: z.int().min(1).max(limits.choicesMax).nullish(),
};

const chatSchema = z.object({
  ...shared,
  max_completion_tokens: z.int().min(1).max(limits.answerTokensMax).nullish(),
  messages: z
    .array(
      z.object({
        role: z
          .enum(["system", "developer", "user", "assistant"])
          .transform((role) => (role === "developer" ? "system" : role)),
        content,
      }),
    )
    .min(1)
    .max(limits.messagesMax),
});

const completionSchema = z.object({
  ...shared,
  prompt: z.union([
    text,
    z
      .array(text)
      .length(1)
      .transform(([only]) => only!),
  ]),
});

const wantedTokens = `must be a whole number from 1 to ${limits.answerTokensMax}`;
const wantedText = "without half of a surrogate pair";

/** What each field should have been; a place in a list is written `[]`. */
const wanted: Readonly<Record<string, string>> = {
  max_tokens: wantedTokens,
  max_completion_tokens: wantedTokens,
  temperature: "must be a number from 0 to 2",
  top_p: "must be a number above 0 and up to 1",
  min_p: "must be a number from 0 to 1",
  stop: `may hold at most ${limits.stopsMax} strings, each of 1 to ${limits.stopLengthMax} characters ${wantedText}`,
  seed: `must be a whole number from ${Number.MIN_SAFE_INTEGER} to ${Number.MAX_SAFE_INTEGER}`,
  stream: "must be true or false",
  stream_options: "must be an object",
  "stream_options.include_usage": "must be true or false",
  n: `must be a whole number from 1 to ${limits.choicesMax}`,
  messages: `must be a list of at least one message and at most ${limits.messagesMax}`,
  "messages[]": "must be an object with `role` and `content`",
  "messages[].role": "must be system, developer, user or assistant",
  "messages[].content": `must be a string or a list of text parts, ${wantedText}`,
  prompt: `must be one string, ${wantedText}`,
};

function refusalOf(error: z.ZodError): Refusal {
  const issue = error.issues[0]!;
  const path = issue.path.reduce<string>(
    (at, part) =>
      typeof part === "number" ? `${at}[${part}]` : at === "" ? String(part) : `${at}.${String(part)}`,
    "",
  );
  const should = wanted[path.replace(/\[\d+\]/g, "[]")] ?? wanted[String(issue.path[0])] ?? "is not valid";
  return invalidRequest(`\`${path}\` ${should}.`, path === "" ? null : path);
}
