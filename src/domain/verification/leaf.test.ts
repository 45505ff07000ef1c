import fc from "fast-check";
import { expect, test } from "vitest";
import { candidates, leaves } from "../../../test/rigs/leaves.ts";
import { leafDistance } from "./distance.ts";
import { decodeLeaf, encodeLeaf, leafBytes, leafOf, leafStep, leafTokens } from "./leaf.ts";

test("a leaf comes back from its bytes, and no other bytes give it", () => {
  fc.assert(
    fc.property(leaves, fc.nat(leafBytes - 1), fc.integer({ min: 1, max: 255 }), (leaf, at, change) => {
      const bytes = encodeLeaf(leaf);
      expect(bytes.length).toBe(leafBytes);
      expect(decodeLeaf(bytes)).toEqual(leaf);
      const other = bytes.map((byte, each) => (each === at ? byte ^ change : byte));
      expect(decodeLeaf(other)).not.toEqual(leaf);
    }),
  );
});

test("whatever bytes decode to a leaf are the bytes of that leaf", () => {
  const steps = fc.array(fc.constantFrom(0, 0, 1, 255), { minLength: leafBytes, maxLength: leafBytes });
  fc.assert(
    fc.property(
      fc.oneof(
        steps.map((all) => Uint8Array.from(all)),
        fc.uint8Array({ maxLength: 64 }),
      ),
      (bytes) => {
        const leaf = decodeLeaf(bytes);
        if (leaf !== undefined) expect(encodeLeaf(leaf)).toEqual(bytes);
      },
    ),
    { numRuns: 500 },
  );
});

test("logits that are no numbers and ids that are no tokens give no leaf", () => {
  for (const logit of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    expect(
      leafOf([
        { id: 1, logit: 2 },
        { id: 2, logit },
      ]),
    ).toBeUndefined();
  for (const id of [-1, 0.5, 2 ** 31, Number.NaN]) expect(leafOf([{ id, logit: 2 }])).toBeUndefined();
  expect(leafOf([])).toBeUndefined();
  expect(
    leafOf([
      { id: 1, logit: 2 },
      { id: 1, logit: 1 },
    ]),
  ).toBeUndefined();
  expect(
    leafOf([
      { id: 1, logit: 1 },
      { id: 2, logit: 2 },
    ]),
  ).toBeUndefined();
});

test("only differences of logits are in it, to half a step", () => {
  fc.assert(
    fc.property(candidates, fc.integer({ min: -100, max: 100 }), (list, shift) => {
      const leaf = leafOf(list)!;
      const shifted = leafOf(list.map(({ id, logit }) => ({ id, logit: logit + shift })))!;
      expect(leafDistance(leaf, shifted)).toBeLessThanOrEqual(leafStep);
      expect(leaf.ids).toEqual(list.slice(0, leafTokens).map(({ id }) => id));
    }),
  );
});
