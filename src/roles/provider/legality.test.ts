import fc from "fast-check";
import { expect, test } from "vitest";
import type { Vocabulary } from "../../domain/grammar/vocabulary.ts";
import type { TokenId } from "../../domain/ids.ts";
import { judgeToken, judgeUnknown } from "../../domain/verification/judge.ts";
import { edgeSlack, marginMax } from "../../domain/verification/margin.ts";
import { type Candidate, choose } from "../../domain/verification/sampler.ts";
import { createLegality } from "./legality.ts";

const signal = new AbortController().signal;
const tokens = 160;

/** Three letters to a token; token 0 ends. */
const names = Array.from({ length: tokens }, (_, id) => `t${String(id).padStart(3, "0")}`);
const vocabulary: Vocabulary = {
  bytesOf: (id) => new TextEncoder().encode(id === 0 ? "" : `"${names[id]}"`),
  startingWith: (byte) => (byte === 0x22 ? Array.from({ length: tokens - 1 }, (_, at) => at + 1) : []),
  ends: [0],
};
const schemaOf = (legal: readonly TokenId[]) => JSON.stringify({ enum: legal.map((id) => names[id]) });

/** One machine: its own logits of all tokens, of which it lists the 64 largest. */
function machine(logits: readonly number[], schema: string) {
  const all = logits
    .map((logit, id): Candidate => ({ id, logit }))
    .sort((a, b) => b.logit - a.logit || a.id - b.id);
  let asked = 0;
  const logitsOf = async (_: number, ids: readonly TokenId[]) => {
    asked += 1;
    return ids.map((id) => logits[id] ?? Number.NEGATIVE_INFINITY);
  };
  const legality = createLegality({ logitsOf }, schema, vocabulary);
  return {
    asked: () => asked,
    among: (claimed?: TokenId) => legality.among(0, all.slice(0, 64), signal, claimed),
  };
}

/** Falling from token 1 to the last. */
const falling = Array.from({ length: tokens }, (_, id) => 20 - id / 8);
const cold = { temperature: 0, topP: 1, seed: "00".repeat(32) };
const hot = { temperature: 1, topP: 1, seed: "5a".repeat(32) };

test("the legal ones of the candidates are chosen from, and nothing more is asked of the engine", async () => {
  const { among, asked } = machine(falling, schemaOf([10, 3, 100]));
  expect((await among()).candidates.map(({ id }) => id)).toEqual([3, 10]);
  expect(asked()).toBe(0);
});

test("where none is legal, the likeliest legal token of all is said; the only one there is, unseen", async () => {
  const many = machine(falling, schemaOf([150, 100, 120]));
  expect((await many.among()).candidates).toEqual([{ id: 100, logit: falling[100] }]);
  expect(many.asked()).toBe(1);
  const one = machine(falling, schemaOf([150]));
  expect((await one.among()).candidates.map(({ id }) => id)).toEqual([150]);
  expect(one.asked()).toBe(0);
});

test("a token that is not legal could not have been chosen, however likely it is", async () => {
  const { among, asked } = machine(falling, schemaOf([3, 10]));
  for (const claimed of [1, 0, 140, 2 ** 31 - 1]) {
    const look = { ...(await among(claimed)), claimed, sampling: hot, position: 0 };
    expect(judgeToken(judgeUnknown, look)).toMatchObject({ margin: marginMax, rejected: "margin" });
  }
  expect(asked()).toBe(0);
});

test("a legal token far below the one that had to be said is rejected", async () => {
  const { among } = machine(falling, schemaOf([100, 150]));
  const look = { ...(await among(150)), claimed: 150, sampling: cold, position: 0 };
  expect(judgeToken(judgeUnknown, look)).toMatchObject({ margin: 50 / 8, rejected: "margin" });
});

test("whoever's list happens to hold a legal token or not, honest machines never reject each other", async () => {
  const samplings = fc.record({
    temperature: fc.constantFrom(0, 0.3, 0.8, 1.5),
    topP: fc.constantFrom(1, 0.9),
    minP: fc.constantFrom(0, 0.05),
    seed: fc.constantFrom("11", "22", "33").map((byte) => byte.repeat(32)),
  });
  const noise = fc.array(fc.double({ min: -edgeSlack / 4, max: edgeSlack / 4, noNaN: true }), {
    ...{ minLength: tokens, maxLength: tokens },
  });
  // Mostly about where the list ends.
  const legal = fc.uniqueArray(fc.oneof(fc.integer({ min: 58, max: 70 }), fc.integer({ min: 1, max: 159 })), {
    ...{ minLength: 1, maxLength: 5 },
  });
  await fc.assert(
    fc.asyncProperty(legal, noise, noise, samplings, async (ids, one, two, sampling) => {
      const noisy = (by: readonly number[]) => falling.map((logit, id) => logit + by[id]!);
      const speaker = machine(noisy(one), schemaOf(ids));
      const { id: claimed } = choose((await speaker.among()).candidates, sampling, 0);
      expect(ids).toContain(claimed);
      const look = { ...(await machine(noisy(two), schemaOf(ids)).among(claimed)), claimed, sampling };
      expect(judgeToken(judgeUnknown, { ...look, position: 0 }).margin).toBeLessThan(2 * edgeSlack);
    }),
    { numRuns: 400 },
  );
});

test("a schema that is not taken is the user's fault, an engine without a vocabulary is its own", () => {
  const sequence = { logitsOf: async () => [] };
  expect(() => createLegality(sequence, '{"pattern":"x"}', vocabulary)).toThrow(
    expect.objectContaining({ code: "bad-request", fault: "user" }),
  );
  expect(() => createLegality(sequence, '{"type":"object"}', undefined)).toThrow(
    expect.objectContaining({ code: "engine", fault: "peer" }),
  );
  expect(() => createLegality(sequence, undefined, undefined)).not.toThrow();
});

test("a text nested deeper than can be followed is no fault of this node", async () => {
  const brackets: Vocabulary = {
    ...{ bytesOf: (id) => new TextEncoder().encode("[".repeat(id)), ends: [0] },
    startingWith: () => [1, 20_000],
  };
  const legality = createLegality({ logitsOf: async () => [] }, '{"items":{"$ref":"#"}}', brackets);
  const fault = { code: "bad-request", fault: "user" };
  await expect(legality.among(0, [{ id: 20_000, logit: 1 }], signal)).rejects.toMatchObject(fault);
  expect(() => legality.told(0, 20_000)).toThrow(expect.objectContaining(fault));
});
