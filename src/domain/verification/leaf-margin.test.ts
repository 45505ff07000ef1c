import fc from "fast-check";
import { expect, test } from "vitest";
import { leafOf, leafStep } from "./leaf.ts";
import { leafMargin } from "./leaf-margin.ts";
import { margin } from "./margin.ts";
import { choose } from "./sampler.ts";

const lists = fc
  .uniqueArray(
    fc.record({
      id: fc.integer({ min: 0, max: 200_000 }),
      logit: fc.double({ min: -20, max: 20, noNaN: true }),
    }),
    { minLength: 64, maxLength: 64, selector: ({ id }) => id },
  )
  .map((list) => list.sort((a, b) => b.logit - a.logit || a.id - b.id));
const seeds = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));
const samplings = fc.record({
  temperature: fc.oneof(fc.constant(0), fc.double({ min: 0.1, max: 2, noNaN: true })),
  topP: fc.oneof(fc.constant(1), fc.double({ min: 0.05, max: 1, noNaN: true })),
  minP: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
  seed: seeds,
});

test("eight logits never say more against a token than all of them, but for the grid they are on", () => {
  fc.assert(
    fc.property(lists, samplings, fc.nat(1000), fc.nat(63), (list, sampling, position, pick) => {
      const { id, logit } = list[pick]!;
      const whole = margin(list, { id, logit }, sampling, position);
      expect(leafMargin(leafOf(list)!, id, sampling, position)).toBeLessThanOrEqual(whole + 2 * leafStep);
    }),
    { numRuns: 1000 },
  );
});

test("the token that was chosen is never contradicted, and one of another seed mostly is", () => {
  const sampling = { temperature: 1, topP: 1, seed: "5a".repeat(32) };
  const other = { ...sampling, seed: "5b".repeat(32) };
  const list = Array.from({ length: 64 }, (_, at) => ({ id: at, logit: 10 - at / 2 }));
  const leaf = leafOf(list)!;
  let sum = 0;
  for (let position = 0; position < 64; position += 1) {
    expect(leafMargin(leaf, choose(list, sampling, position).id, sampling, position)).toBeLessThan(leafStep);
    sum += leafMargin(leaf, choose(list, other, position).id, sampling, position);
  }
  expect(sum / 64).toBeGreaterThan(0.3);
});
