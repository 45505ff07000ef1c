import fc from "fast-check";
import { expect, test } from "vitest";
import { digest } from "./digest.ts";
import { hashBytes, merkleLeadsTo, merkleOpen, merkleRoot, merkleTree } from "./merkle.ts";

const hash = (name: number | string) => digest("test", name);
const leavesOf = (count: number) => Array.from({ length: count }, (_, at) => hash(at));

/** A tree and some of its leaves to open, at least one. */
const openings = fc
  .integer({ min: 1, max: 70 })
  .chain((count) =>
    fc.record({ count: fc.constant(count), picked: fc.subarray([...Array(count).keys()], { minLength: 1 }) }),
  )
  .map(({ count, picked }) => {
    const leaves = leavesOf(count);
    const tree = merkleTree(leaves);
    const { root } = tree;
    const siblings = merkleOpen(tree, picked);
    return {
      root,
      all: leaves,
      opening: { count, indices: picked, leaves: picked.map((at) => leaves[at]!), siblings },
    };
  });

test("whatever is opened leads to the root, with no more hashes than single paths would take", () => {
  fc.assert(
    fc.property(openings, ({ root, all, opening }) => {
      expect(root).toEqual(merkleRoot(all));
      expect(merkleLeadsTo(root, opening)).toBe(true);
      const depth = Math.ceil(Math.log2(Math.max(1, opening.count)));
      expect(opening.siblings.length).toBeLessThanOrEqual(opening.indices.length * depth * hashBytes);
    }),
  );
});

test("one bit changed anywhere leads elsewhere", () => {
  fc.assert(
    fc.property(openings, fc.nat(), fc.nat(7), ({ root, opening }, where, bit) => {
      const flipped = (bytes: Uint8Array) =>
        bytes.map((byte, at) => (at === where % bytes.length ? byte ^ (1 << bit) : byte));
      const at = where % opening.leaves.length;
      const leaves = opening.leaves.map((leaf, each) => (each === at ? flipped(leaf) : leaf));
      expect(merkleLeadsTo(root, { ...opening, leaves })).toBe(false);
      expect(merkleLeadsTo(flipped(root), opening)).toBe(false);
      if (opening.siblings.length > 0)
        expect(merkleLeadsTo(root, { ...opening, siblings: flipped(opening.siblings) })).toBe(false);
    }),
  );
});

test("leaves at other places, of a tree of another size, or with hashes left over or missing lead nowhere", () => {
  fc.assert(
    fc.property(openings, fc.integer({ min: 1, max: 140 }), ({ root, opening }, other) => {
      const { count, indices, siblings } = opening;
      if (other !== count) expect(merkleLeadsTo(root, { ...opening, count: other })).toBe(false);
      const moved = indices.map((index) => (index + 1) % count);
      if (indices.length < count) expect(merkleLeadsTo(root, { ...opening, indices: moved })).toBe(false);
      const more = new Uint8Array(siblings.length + hashBytes);
      more.set(siblings);
      expect(merkleLeadsTo(root, { ...opening, siblings: more })).toBe(false);
      if (siblings.length > 0)
        expect(merkleLeadsTo(root, { ...opening, siblings: siblings.slice(hashBytes) })).toBe(false);
    }),
  );
});

test("indices that are none are refused, not read", () => {
  const leaves = leavesOf(5);
  const root = merkleRoot(leaves);
  for (const indices of [[5], [-1], [1, 1], [2, 1], [0.5], [Number.NaN], [2 ** 40]]) {
    const opening = { count: 5, indices, leaves: indices.map(() => leaves[0]!), siblings: new Uint8Array() };
    expect(merkleLeadsTo(root, opening)).toBe(false);
    expect(() => merkleOpen(merkleTree(leaves), indices)).toThrow(RangeError);
  }
  expect(merkleLeadsTo(root, { count: 5, indices: [], leaves: [], siblings: new Uint8Array() })).toBe(false);
});

test("two trees that differ in a leaf, in order or in length have different roots", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(5), { maxLength: 12 }),
      fc.array(fc.nat(5), { maxLength: 12 }),
      (one, other) => {
        const same = one.length === other.length && one.every((each, at) => each === other[at]);
        expect(merkleRoot(one.map(hash))).toSatisfy(
          (root: Uint8Array) => same === root.every((byte, at) => byte === merkleRoot(other.map(hash))[at]),
        );
      },
    ),
  );
});

test("an inner node does not pass for a leaf", () => {
  const leaves = leavesOf(4);
  const inner = [digest("node", leaves[0]!, leaves[1]!), digest("node", leaves[2]!, leaves[3]!)];
  expect(merkleRoot(inner)).not.toEqual(merkleRoot(leaves));
});
