import { expect, test } from "vitest";
import { takeoverOf } from "../bench/survive/blackout.ts";
import { readJournal, withHost } from "../bench/survive/journal.ts";
import { endOf, type Heard } from "../bench/survive/outcome.ts";
import { surviveReport } from "../bench/survive/report.ts";
import { story } from "../bench/survive/story.ts";
import { percentileOf, timesOf, wilsonLower } from "../bench/survive/tally.ts";

/** The bench's own eyes: what it takes for a success, and what not. */

const question = { number: 7, tokens: 20, stream: true };
const tokens = story(question.number, question.tokens);
const words = (from: number, to: number) =>
  tokens.slice(from, to).map((content) => event({ choices: [{ delta: { content }, finish_reason: null }] }));
const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`;
const finish = event({ choices: [{ delta: {}, finish_reason: "stop" }] });
const failed = event({ error: { message: "no", code: "no_providers" } });
const done = "data: [DONE]\n\n";

const cases: ReadonlyArray<
  [what: string, end: ReturnType<typeof endOf>, events: string[], how?: Heard["how"]]
> = [
  ["a whole answer", "whole", [...words(0, 20), finish, done]],
  ["an error in the middle", "error", [...words(0, 9), failed]],
  ["what is no JSON", "error", [...words(0, 9), 'data: {"cho\n\n']],
  ["an error after words that came twice", "silent", [...words(0, 9), ...words(7, 12), failed]],
  ["an error after the end", "silent", [...words(0, 20), finish, done, failed]],
  ["words after the end", "silent", [...words(0, 20), finish, done, ...words(0, 1)]],
  ["an end too early", "silent", [...words(0, 9), finish, done]],
  ["a stream that just stops", "silent", words(0, 9)],
  ["a broken connection", "error", words(0, 9), "cut"],
  ["a broken connection after words left out", "silent", [...words(0, 9), ...words(11, 12)], "cut"],
  ["no end within the client's patience", "timeout", words(0, 9), "late"],
  ["no end, after words that came twice", "silent", [...words(0, 9), ...words(7, 12)], "late"],
];

for (const [what, end, events, how = "whole"] of cases)
  test(`${what} counts as ${end}`, () =>
    expect(endOf({ status: 200, body: events.join(""), how }, question)).toBe(end));

test("a refusal is an error, and none within the client's patience a time-out", () => {
  expect(endOf({ status: 503, body: "{}", how: "whole" }, question)).toBe("error");
  expect(endOf({ status: 0, body: "", how: "late" }, question)).toBe("timeout");
});

test("the bench's figures: a bound that is honest near one, percentiles within two in a hundred", () => {
  expect(wilsonLower(6000, 6000)).toBeCloseTo(0.99936, 5);
  expect(wilsonLower(98, 100)).toBeCloseTo(0.92998, 4);
  const times = timesOf(Array.from({ length: 1000 }, (_, index) => index + 1));
  expect(percentileOf(times, 0.99) / 990).toBeCloseTo(1, 1);
  expect(percentileOf({}, 0.5)).toBeNaN();
});

test("a gap is laid to whoever took over after it, however often the speaker changed", () => {
  const speakers = [
    { name: "a", before: 0, at: 0 },
    { name: "b", before: 2, at: 300 },
    { name: "c", before: 3, at: 900 },
  ];
  const spoken = (...times: number[]) => times.map((at) => ({ at, words: 1 }));
  expect(takeoverOf({ pieces: spoken(0, 30, 300, 900, 930), speakers })).toEqual({
    ...{ gapMs: 600, by: speakers[2] },
  });
  // A slow one's own gap comes before it is given up.
  expect(takeoverOf({ pieces: spoken(0, 260, 300, 400, 430), speakers })?.by.name).toBe("b");
  expect(takeoverOf({ pieces: spoken(0, 500), speakers: speakers.slice(0, 1) })).toBeUndefined();
});

test("what is kept is read and told in even tables", () => {
  const text = surviveReport(readJournal());
  expect(text).not.toMatch(/undefined|NaN|null/);
  const tables = text.split("\n\n").filter((part) => part.startsWith("|"));
  for (const table of tables) {
    const widths = table.split("\n").map((row) => row.replaceAll("\\|", "").split("|").length);
    expect(new Set(widths).size, table).toBe(1);
  }
});

test("each machine is told of once, whatever ran on it", () => {
  const host = { cpu: "a", cores: 2, memoryGb: 8, system: "linux", node: "v24" };
  const machine = { ...host, commit: "abc" };
  expect(withHost([], machine)).toEqual([host]);
  expect(withHost([host], { ...machine, commit: "def" })).toEqual([host]);
  expect(withHost([host], { ...machine, cpu: "b" })).toEqual([host, { ...host, cpu: "b" }]);
});
