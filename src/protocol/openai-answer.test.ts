import { expect, test } from "vitest";
import { answerKey } from "./openai-answer.ts";

const chunk = (delta: object, finish: string | null = null) =>
  JSON.stringify({ id: Math.random(), choices: [{ index: 0, delta, finish_reason: finish }] });
const call = (args: string, name?: string) => ({
  tool_calls: [{ index: 0, id: args, function: { name, arguments: args } }],
});

test("an answer is the same however it was cut, streamed or whole", () => {
  const whole = JSON.stringify({
    choices: [{ index: 0, message: { content: "Hello" }, finish_reason: "stop" }],
  });
  expect(answerKey([chunk({ content: "He" }), chunk({ content: "llo" }), chunk({}, "stop")])).toBe(
    answerKey([whole]),
  );
});

test("another text, end or tool call is another answer", () => {
  const keys = [
    [chunk({ content: "a" }, "stop")],
    [chunk({ content: "b" }, "stop")],
    [chunk({ content: "a" }, "length")],
    [chunk(call("{}", "f")), chunk({}, "stop")],
    [chunk(call("{}", "g")), chunk({}, "stop")],
  ].map(answerKey);
  expect(new Set(keys).size).toBe(keys.length);
});
