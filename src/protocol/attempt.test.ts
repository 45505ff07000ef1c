import { describe, expect, test } from "vitest";
import { orderSchema, wordSchema } from "./attempt.ts";
import { limits } from "./limits.ts";

/** Words and orders that no honest node says, in whatever way they were written: refused where they come in. */

const hash = "0a".repeat(32);
const address = `0x${"0b".repeat(20)}`;
const chunk = { start: 0, ids: [1, 2], text: "one two", signature: "AAAA" };
const judged = { t: "judged", branch: 0, through: 2, margin: 0.1 };
const statement = { seq: 1, expiry: 1, signature: "AAAA" };
const opening = {
  ...{ node: address, salt: hash, root: hash, verdict: "valid", statement },
  ...{ leaves: "AAAA", siblings: "AAAA" },
};
const revealed = (more: object) => ({ t: "revealed", branch: 0, opening: { ...opening, ...more } });
const said = (more: object) => ({ t: "chunk", branch: 0, chunk: { ...chunk, ...more } });

/** As it comes over the wire, where a number may be written that none can hold. */
const isWord = (text: string) => wordSchema.safeParse(JSON.parse(text)).success;

describe("a provider's word", () => {
  test("is read as it was said", () => {
    for (const word of [judged, said({}), revealed({})])
      expect(wordSchema.parse(JSON.parse(JSON.stringify(word)))).toEqual(word);
  });

  test.each([
    ["a margin that is no number", JSON.stringify({ ...judged, margin: Number.NaN })],
    ["a margin that is infinite", JSON.stringify(judged).replace("0.1", "1e999")],
    ["a margin below nothing", JSON.stringify({ ...judged, margin: -1 })],
    ["an id beyond every vocabulary", JSON.stringify(said({ ids: [2 ** 31] }))],
    ["an id that is no whole number", JSON.stringify(said({ ids: [0.5] }))],
    ["an id below nothing", JSON.stringify(said({ ids: [-1] }))],
    ["more ids than a chunk holds", JSON.stringify(said({ ids: Array(limits.chunkTokensMax + 1).fill(1) }))],
    ["more text than a chunk holds", JSON.stringify(said({ text: "x".repeat(limits.chunkTextMax + 1) }))],
    ["a position beyond every answer", JSON.stringify(said({ start: limits.answerTokensMax + 1 }))],
    ["leaves beyond every opening", JSON.stringify(revealed({ leaves: beyond() }))],
    ["hashes beyond every opening", JSON.stringify(revealed({ siblings: beyond() }))],
    ["leaves that are no bytes", JSON.stringify(revealed({ leaves: "!!!!" }))],
    ["a number that is none", JSON.stringify(revealed({ statement: { ...statement, seq: -1 } }))],
    [
      "a number too large to be exact",
      JSON.stringify(revealed({ statement: { ...statement, seq: 2 ** 53 } })),
    ],
    ["a verdict of its own", JSON.stringify(revealed({ verdict: "perhaps" }))],
    ["what nobody asked it", JSON.stringify(revealed({ more: 1 }))],
  ])("with %s is refused", (_, text) => {
    expect(isWord(text)).toBe(false);
  });
});

test("a set with more members than a committee has, or more commits, is refused", () => {
  const member = { node: address, sessionKey: hash, profile: "cpu" };
  const commit = { node: address, sealed: hash, signature: "AAAA" };
  const reveal = (witnesses: number, commits: number) => ({
    ...{ t: "reveal", secret: hash },
    set: {
      answer: { job: hash, spec: hash, input: hash, transcript: hash, tokens: 2 },
      ...{ committee: { kind: "client", secretHash: hash }, executor: member },
      witnesses: Array(witnesses).fill(member),
      commits: Array(commits).fill(commit),
    },
  });
  const { committeeMax } = limits;
  const isOrder = (order: object) => orderSchema.safeParse(order).success;
  expect(isOrder(reveal(committeeMax, committeeMax + 1))).toBe(true);
  expect(isOrder(reveal(committeeMax + 1, committeeMax + 1))).toBe(false);
  expect(isOrder(reveal(committeeMax, committeeMax + 2))).toBe(false);
});

/** Valid base64, a quantum longer than the limit. */
function beyond(): string {
  return "A".repeat(4 * Math.floor(limits.openingBytesMax / 4) + 4);
}
