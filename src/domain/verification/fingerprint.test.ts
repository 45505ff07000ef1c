import { hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Address, JobId } from "../ids.ts";
import { type CommitSet, setDigest } from "./committee.ts";
import { fingerprintTree, openedLeaves, openFingerprint } from "./fingerprint.ts";
import type { Leaf } from "./leaf.ts";
import { auditPositions } from "./positions.ts";

const owner = { job: "11".repeat(32) as JobId, node: `0x${"aB".repeat(20)}` as Address };
const leafAt = (position: number): Leaf => ({ ids: [position, position + 1], steps: [0, position % 300] });
const answer = (count: number) => Array.from({ length: count }, (_, position) => leafAt(position));

const cases = fc.integer({ min: 1, max: 90 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    positions: fc.subarray([...Array(count).keys()], { minLength: 1 }),
  }),
);

test("what is opened is what was committed to, for this node, this job and these positions only", () => {
  fc.assert(
    fc.property(cases, ({ count, positions }) => {
      const leaves = answer(count);
      const tree = fingerprintTree(owner, leaves);
      const { root } = tree;
      const opening = openFingerprint(tree, leaves, positions);
      const committed = { root, count, positions };
      expect(openedLeaves(owner, committed, opening)).toEqual(positions.map(leafAt));
      const strangers = [
        { ...owner, node: `0x${"ab".repeat(19)}ac` as Address },
        { ...owner, job: "12".repeat(32) as JobId },
      ];
      for (const stranger of strangers) expect(openedLeaves(stranger, committed, opening)).toBeUndefined();
      const others = { root, count: count + 1, positions: positions.map((position) => position + 1) };
      expect(openedLeaves(owner, others, opening)).toBeUndefined();
    }),
  );
});

test("openings that are garbage are refused and throw nothing", () => {
  const leaves = answer(40);
  const tree = fingerprintTree(owner, leaves);
  const { root } = tree;
  const positions = [3, 9, 39];
  const opening = openFingerprint(tree, leaves, positions);
  const committed = { root, count: 40, positions };
  const bad = [
    { ...opening, leaves: "" },
    { ...opening, leaves: opening.leaves.slice(4) },
    { ...opening, leaves: "!".repeat(opening.leaves.length) },
    { ...opening, siblings: "" },
    { ...opening, siblings: opening.siblings.repeat(2) },
    { leaves: opening.siblings, siblings: opening.leaves },
  ];
  for (const each of bad) expect(openedLeaves(owner, committed, each)).toBeUndefined();
  expect(openedLeaves(owner, { ...committed, positions: [3, 3, 9] }, opening)).toBeUndefined();
});

const member = { node: owner.node, sessionKey: "22".repeat(32), profile: "p" } as CommitSet["executor"];
const setOf = (tokens: number): CommitSet => ({
  answer: {
    job: owner.job,
    spec: "01".repeat(32),
    input: "02".repeat(32),
    transcript: "03".repeat(32),
    tokens,
  },
  committee: { kind: "client", secretHash: "04".repeat(32) },
  executor: member,
  witnesses: [],
  commits: [],
});
const secrets = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));

test("positions are distinct, ascending, in the answer, and all of a short one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5000 }), secrets, (tokens, secret) => {
      const positions = auditPositions(setOf(tokens), secret);
      expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
      expect(positions.every((position) => position >= 0 && position < tokens)).toBe(true);
      expect(positions.length).toBe(Math.min(tokens, tokens > 2048 ? 18 : tokens > 512 ? 32 : 48));
    }),
  );
});

test("every position is as likely as any other, and another secret or set draws others", () => {
  const counts = new Array<number>(96).fill(0);
  for (let draw = 0; draw < 2000; draw += 1) {
    const secret = draw.toString(16).padStart(64, "0");
    for (const position of auditPositions(setOf(96), secret)) counts[position] = counts[position]! + 1;
  }
  // 2,000 draws of 48 from 96: 1,000 each, with a standard deviation of 22.
  expect(Math.min(...counts)).toBeGreaterThan(880);
  expect(Math.max(...counts)).toBeLessThan(1120);
  const secret = "05".repeat(32);
  const one = setOf(500);
  const other: CommitSet = {
    ...one,
    commits: [{ node: member.node, sealed: "06".repeat(32), signature: "" }],
  };
  expect(setDigest(one)).not.toEqual(setDigest(other));
  expect(auditPositions(one, secret)).not.toEqual(auditPositions(other, secret));
});

test("an audited answer costs at most 12 KB for each member, and 32 bytes before", () => {
  for (const tokens of [1, 64, 512, 513, 2048, 2049, 20_000]) {
    const leaves = answer(tokens);
    const set = setOf(tokens);
    const tree = fingerprintTree(owner, leaves);
    const { leaves: opened, siblings } = openFingerprint(tree, leaves, auditPositions(set, "07".repeat(32)));
    // Salt, root, verdict, statement and the names of the fields are some 400 characters more.
    expect(opened.length + siblings.length).toBeLessThan(12_288 - 600);
    expect(tree.root.length).toBe(32);
  }
  expect(hexToBytes(owner.job).length).toBe(32);
});
