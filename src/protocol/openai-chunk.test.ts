import { expect, test } from "vitest";
import { countedToAnswer, readChunk, withoutChoices } from "./openai-chunk.ts";

const delta = (value: unknown, rest = {}) =>
  JSON.stringify({ choices: [{ index: 0, delta: value, ...rest }] });

test("a role alone is neither content nor opaque", () => {
  expect(readChunk(delta({ role: "assistant", content: "", tool_calls: [], refusal: null }))).toMatchObject({
    text: "",
    opaque: false,
    ends: [],
  });
});

test("content is text, in chats and completions", () => {
  expect(readChunk(delta({ content: "Hi" }))).toMatchObject({ text: "Hi", opaque: false });
  expect(readChunk('{"choices":[{"text":"Hi","index":0,"logprobs":null}]}')).toMatchObject({
    text: "Hi",
    opaque: false,
  });
});

test.each([
  delta({ tool_calls: [{ index: 0 }] }),
  delta({ reasoning_content: "hm" }),
  delta({ content: "a" }, { logprobs: { content: [{}] } }),
  delta({ content: "a" }, { index: 1 }),
])("what nobody else can go on from is opaque: %s", (data) => {
  expect(readChunk(data)).toMatchObject({ opaque: true });
});

test("ends, errors and garbage are told apart", () => {
  expect(readChunk(delta({}, { finish_reason: "stop" }))).toMatchObject({ choices: [0], ends: [0] });
  expect(readChunk('{"error":{"message":"x"}}')).toMatchObject({ error: true });
  expect(readChunk('{"choices":[],"usage":{}}')).toMatchObject({ text: "", ends: [], error: false });
  for (const data of ["{", "3", "[]", "null", '{"choices":3}', '{"choices":[1]}']) {
    expect(readChunk(data)).toBeUndefined();
  }
});

test("what is told of a choice is taken out, and nothing else, unless that was all of it", () => {
  const choices = [{ delta: { content: "a" } }, { index: 1, delta: { content: "b" } }];
  const data = JSON.stringify({ id: "c", choices, usage: null });
  const left = withoutChoices(data, new Set([0]));
  expect(JSON.parse(left!)).toEqual({ id: "c", choices: choices.slice(1), usage: null });
  expect(withoutChoices(data, new Set([0, 1]))).toBeUndefined();
  const counted = withoutChoices('{"choices":[{"delta":{}}],"usage":{"total_tokens":3}}', new Set([0]));
  expect(JSON.parse(counted!)).toEqual({ choices: [], usage: { total_tokens: 3 } });
});

test("tokens counted to the answer are no longer counted to the prompt, and nothing else changes", () => {
  const usage = {
    ...{ prompt_tokens: 30, completion_tokens: 5, total_tokens: 35, cost: 0.1 },
    prompt_tokens_details: { cached_tokens: 25, audio_tokens: 0 },
  };
  const counted = JSON.parse(countedToAnswer(JSON.stringify({ id: "a", choices: [], usage }), 20));
  expect(counted).toEqual({
    ...{ id: "a", choices: [] },
    usage: {
      ...usage,
      ...{ prompt_tokens: 10, completion_tokens: 25 },
      prompt_tokens_details: { cached_tokens: 10, audio_tokens: 0 },
    },
  });
});

test.each(['{"choices":[]}', '{"choices":[],"usage":null}', '{"choices":[],"usage":{"prompt_tokens":"3"}}'])(
  "what tells no counts stays as it is: %s",
  (data) => expect(countedToAnswer(data, 20)).toBe(data),
);
