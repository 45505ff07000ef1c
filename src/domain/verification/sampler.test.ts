import { sha256 } from "@noble/hashes/sha2.js";
import { hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Candidate, choose } from "./sampler.ts";

const seed = "5a".repeat(32);

const candidateLists = fc
  .uniqueArray(
    fc.record({
      id: fc.integer({ min: 0, max: 200_000 }),
      logit: fc.double({ min: -20, max: 40, noNaN: true }),
    }),
    { minLength: 1, maxLength: 64, selector: (candidate) => candidate.id },
  )
  .map((list) => list.sort((a, b) => b.logit - a.logit || a.id - b.id));

const temperatures = fc.double({ min: 0.01, max: 2, noNaN: true });
const topPs = fc.double({ min: 0.01, max: 1, noNaN: true });
const positions = fc.integer({ min: 0, max: 100_000 });

/** The definition, written down once more without any shortcut. */
function reference(
  candidates: readonly Candidate[],
  temperature: number,
  topP: number,
  position: number,
  minP = 0,
): number {
  const weights = candidates.map((c) => Math.exp((c.logit - candidates[0]!.logit) / temperature));
  const total = weights.reduce((a, b) => a + b, 0);
  let best = { id: -1, score: Number.NEGATIVE_INFINITY };
  let sum = 0;
  for (const [i, { id, logit }] of candidates.entries()) {
    if (i > 0 && topP < 1 && sum >= topP * total) break;
    if (logit < candidates[0]!.logit + temperature * Math.log(minP)) break;
    sum += weights[i]!;
    const message = new Uint8Array(40);
    message.set(hexToBytes(seed));
    new DataView(message.buffer).setUint32(32, position);
    new DataView(message.buffer).setUint32(36, id);
    const bits = Number(new DataView(sha256(message).buffer).getBigUint64(0) >> 11n);
    const score = logit / temperature - Math.log(-Math.log((bits || 0.5) / 2 ** 53));
    if (score > best.score) best = { id, score };
  }
  return best.id;
}

test("it chooses what its definition says, shortcuts or not", () => {
  fc.assert(
    fc.property(
      ...([
        candidateLists,
        temperatures,
        topPs,
        fc.double({ min: 0, max: 1, noNaN: true }),
        positions,
      ] as const),
      (candidates, temperature, topP, minP, position) => {
        const chosen = choose(candidates, { temperature, topP, minP, seed }, position);
        expect(chosen.id).toBe(reference(candidates, temperature, topP, position, minP));
      },
    ),
  );
});

test("temperature 0 takes the largest logit whatever the seed, ties by lower id", () => {
  const candidates = [
    { id: 3, logit: 7 },
    { id: 9, logit: 7 },
    { id: 1, logit: 6 },
  ];
  expect(choose(candidates, { temperature: 0, topP: 0.1, seed }, 5)).toEqual({ id: 3, score: 7 });
});

test("one choice is pinned for ever: other implementations must agree with it", () => {
  const candidates = Array.from({ length: 64 }, (_, i) => ({ id: 100 + i, logit: 10 - i / 8 }));
  const chosen = [0, 1, 2, 3].map((p) => choose(candidates, { temperature: 0.7, topP: 1, seed }, p).id);
  expect(chosen).toEqual([101, 104, 103, 113]);
});

test("over many seeds it draws from the softmax", () => {
  const candidates = [
    { id: 1, logit: 2 },
    { id: 2, logit: 1 },
    { id: 3, logit: 0 },
  ];
  const counts = new Map<number, number>();
  const draws = 20_000;
  for (let position = 0; position < draws; position += 1) {
    const { id } = choose(candidates, { temperature: 1, topP: 1, seed }, position);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  const total = Math.exp(2) + Math.exp(1) + 1;
  expect(counts.get(1)! / draws).toBeCloseTo(Math.exp(2) / total, 1);
  expect(counts.get(2)! / draws).toBeCloseTo(Math.exp(1) / total, 1);
  expect(counts.get(3)! / draws).toBeCloseTo(1 / total, 1);
});

test("a nucleus of almost nothing is the largest logit", () => {
  fc.assert(
    fc.property(candidateLists, positions, (candidates, position) => {
      const chosen = choose(candidates, { temperature: 0.7, topP: 1e-9, seed }, position);
      expect(chosen.id).toBe(candidates[0]!.id);
    }),
  );
});
