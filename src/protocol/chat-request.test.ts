import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseAnswerRequest } from "./chat-request.ts";
import { isRefusal } from "./openai.ts";

const chat = (body: Record<string, unknown>) =>
  parseAnswerRequest("chat/completions", { messages: [{ role: "user", content: "hi" }], ...body });

describe("a chat body", () => {
  test("means what OpenAI's does, with its defaults", () => {
    expect(chat({})).toMatchObject({
      ...{ temperature: 1, topP: 1, stops: [], stream: false, choices: 1, includeUsage: false },
      ...{ tokensMax: undefined, seed: undefined, prompt: { kind: "chat" } },
    });
    expect(chat({ max_tokens: 5, max_completion_tokens: 7, stop: "x", n: 2 })).toMatchObject({
      ...{ tokensMax: 7, stops: ["x"], choices: 2 },
    });
  });

  test("may ask for JSON, of any shape or by a schema", () => {
    const schemaOf = (response_format: unknown) => (chat({ response_format }) as { schema?: string }).schema;
    expect(schemaOf({ type: "text" })).toBeUndefined();
    expect(schemaOf(null)).toBeUndefined();
    expect(schemaOf({ type: "json_object" })).toBe('{"type":"object"}');
    const schema = { type: "object", properties: { a: { type: "string" } } };
    const format = { type: "json_schema", json_schema: { name: "x", strict: true, schema } };
    expect(schemaOf(format)).toBe(JSON.stringify(schema));
  });

  test("may give content in text parts, none for an assistant turn, and a developer's words as the system's", () => {
    const messages = [
      { role: "developer", content: "be brief" },
      {
        role: "user",
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      },
      { role: "assistant", content: null },
    ];
    expect(chat({ messages })).toMatchObject({
      prompt: { messages: [{ role: "system" }, { content: "ab" }, { content: "" }] },
    });
  });

  test("nested deeper than anything can be written back is refused by the parameter's name", () => {
    const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    for (const name of ["modalities", "logit_bias", "tools", "response_format", "stop", "messages"])
      expect(chat({ [name]: deep }), name).toMatchObject({ status: 400 });
    expect(isRefusal(chat({ modalities: ["text"], metadata: deep }))).toBe(false);
  });

  test.each([
    [
      "messages[1].content",
      {
        messages: [
          { role: "user", content: "a" },
          { role: "user", content: [{ type: "image_url" }] },
        ],
      },
    ],
    ["messages[0].content", { messages: [{ role: "user", content: "half \ud83d" }] }],
    ["messages[0].role", { messages: [{ role: "tool", content: "x" }] }],
    ["stop", { stop: ["a", "b", "c", "d", "e"] }],
    ["top_p", { top_p: 0 }],
    ["min_p", { min_p: 1.5 }],
    ["max_tokens", { max_tokens: -1 }],
    ["seed", { seed: 1.5 }],
    ["logprobs", { logprobs: true }],
    ["response_format", { response_format: { type: "xml" } }],
    ["response_format.json_schema", { response_format: { type: "json_schema" } }],
    [
      "response_format.json_schema.schema",
      {
        response_format: {
          type: "json_schema",
          json_schema: { name: "x", schema: { type: "string", pattern: "(a+)+" } },
        },
      },
    ],
    ["frequency_penalty", { frequency_penalty: 0.5 }],
    ["logit_bias", { logit_bias: { "5": 1 } }],
  ])("is refused naming %s", (param, body) => {
    expect(chat(body)).toMatchObject({ status: 400, type: "invalid_request_error", param });
  });

  test.each([
    [{ messages: [] }, "`messages` must be a list of at least one message"],
    [{ messages: "x" }, "`messages` must be a list of at least one message"],
    [{ seed: 2 ** 63 - 1 }, "`seed` must be a whole number from -9007199254740991 to 9007199254740991."],
    [{ stop: "half \ud83d" }, "`stop` may hold at most 4 strings"],
    [{ stop: ["half \ud83d"] }, "without half of a surrogate pair"],
    [{ messages: [{ role: "tool" }] }, "`messages[0].role` must be system, developer, user or assistant."],
    [{ stop: ["a", "b", "c", "d", "e"] }, "`stop` may hold at most 4 strings"],
    [{ temperature: 3 }, "`temperature` must be a number from 0 to 2."],
  ])("%j is refused in a sentence", (body, sentence) => {
    expect(chat(body)).toMatchObject({ message: expect.stringContaining(sentence) });
  });

  test("of any shape is read or refused, never thrown over", () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom("messages", "n", "stop", "tools", "seed", "logit_bias", "audio"),
          fc.anything(),
        ),
        (body) => {
          const parsed = parseAnswerRequest("chat/completions", body);
          if (isRefusal(parsed)) expect(parsed.status).toBe(400);
        },
      ),
    );
  });
});

test("a completion takes one text prompt", () => {
  expect(parseAnswerRequest("completions", { prompt: "once" })).toMatchObject({
    prompt: { kind: "text", text: "once" },
  });
  expect(parseAnswerRequest("completions", { prompt: ["once"] })).toMatchObject({ prompt: { text: "once" } });
  expect(parseAnswerRequest("completions", { prompt: ["a", "b"] })).toMatchObject({
    status: 400,
    param: "prompt",
  });
});
