import { expect, test } from "vitest";
import { syntheticAnswer } from "../../adapters/synthetic/model.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { wilson } from "./statistics.ts";
import { hear, type Stream } from "./stream.ts";

const expected = syntheticAnswer({ kind: "text", text: "Count the foxes." }, 40);
const words = expected.split(" ");
const said = (from: number, to: number) =>
  words
    .slice(from, to)
    .map((word) => `${word} `)
    .join("");

function streamOf(facts: Partial<Stream>): Stream {
  return {
    question: { index: 0, content: "", tokens: 40, dueAt: 0 },
    ...{ sentAt: 0, pieces: [], casts: [], text: expected, endedAt: 1, finish: "length", done: true },
    ...{ overrun: false, garbled: false, error: undefined, stands: 0, end: "whole", ...facts },
  };
}

const failed: Partial<Stream> = { error: "no_providers", done: false, finish: undefined };
const rejected: Partial<Stream> = { ...failed, error: "rejected_after_delivery" };
const lie = "dada dodo ";

const cases: ReadonlyArray<[what: string, outcome: Outcome, facts: Partial<Stream>]> = [
  ["a whole answer with its own end", "success", {}],
  [
    "an explicit error in the middle of the stream",
    "error",
    { text: said(0, 9), error: "no_providers", done: false },
  ],
  ["a refusal", "error", { text: "", error: "busy", done: false, finish: undefined }],
  ["a cut connection", "truncated", { text: said(0, 9), done: false, finish: undefined, end: "cut" }],
  ["an end that came too early", "truncated", { text: said(0, 39) }],
  ["an end that is not the answer's own", "truncated", { finish: "stop" }],
  ["the whole text without an end", "truncated", { done: false }],
  ["words that came twice", "duplicate", { text: said(0, 20) + said(17, 40) }],
  ["words after the end", "duplicate", { text: expected + said(0, 3) }],
  ["an event after the end", "duplicate", { overrun: true }],
  ["words that are not the answer's", "wrong", { text: `${said(0, 20)}dada dodo ${said(22, 40)}` }],
  ["words left out", "wrong", { text: said(0, 20) + said(23, 40) }],
  ["an error after words that came twice", "duplicate", { ...failed, text: said(0, 20) + said(17, 30) }],
  ["an error after words that are not the answer's", "wrong", { ...failed, text: said(0, 20) + lie }],
  ["an error event within a whole answer", "truncated", { error: "no_providers" }],
  ["what is no event at all", "wrong", { ...failed, text: said(0, 9), garbled: true }],
  ["a lie that is taken back", "withdrawn", { ...rejected, text: said(0, 20) + lie, stands: 20 }],
  ["a lie from the first word on that is taken back", "withdrawn", { ...rejected, text: lie, stands: 0 }],
  ["a lie that is said to stand", "wrong", { ...rejected, text: said(0, 20) + lie, stands: 22 }],
  ["a lie taken back by what ends as if all were well", "wrong", { ...rejected, text: lie, done: true }],
  ["true words that are taken back", "error", { ...rejected, text: said(0, 9), stands: 5 }],
  ["no end within the deadline", "hang", { text: said(0, 9), done: false, end: "late" }],
];

for (const [what, outcome, facts] of cases)
  test(`${what} counts as ${outcome}`, () => expect(outcomeOf(streamOf(facts), expected)).toBe(outcome));

test("without a known text, form alone is judged", () => {
  expect(outcomeOf(streamOf({ text: "anything", finish: "stop" }), undefined)).toBe("success");
  expect(outcomeOf(streamOf({ text: "anything", done: false, end: "cut" }), undefined)).toBe("truncated");
});

test("a share's interval is honest at its ends", () => {
  const [low, high] = wilson(300, 300);
  expect([low > 0.98, low < 0.99, high > 0.999]).toEqual([true, true, true]);
  expect(wilson(0, 0)).toEqual([0, 1]);
  expect(wilson(50, 100).map((value) => Math.round(value * 1000))).toEqual([404, 596]);
});

test("an event that is no JSON ends nothing: the stream is judged wrong", () => {
  const stream = streamOf({ text: "", done: false, finish: undefined });
  for (const event of ['data: {"id":"x","choi', "data: 7", "data: [DONE]"]) hear(stream, event, 1);
  expect([stream.garbled, stream.done, outcomeOf(stream, expected)]).toEqual([true, true, "wrong"]);
});

test("an error tells how much of the answer stands", () => {
  const stream = streamOf({ text: said(0, 2), done: false });
  const error = { code: "rejected_after_delivery", message: "A lie. The first 2 tokens stand. Try again." };
  hear(stream, `data: ${JSON.stringify({ error })}`, 1);
  expect([stream.error, stream.stands]).toEqual(["rejected_after_delivery", 2]);
});
