import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Address } from "../ids.ts";
import { auditorsOf, isAuditDue } from "./audit.ts";
import { drawnSeed } from "./seed.ts";
import { drawn, drawSeed, isDrawn, type Staked, seated } from "./sortition.ts";

const nodeAt = (at: number) => `0x${at.toString(16).padStart(40, "0")}` as Address;
const seedAt = (at: number) => bytesToHex(keccak_256(Uint8Array.of(at >> 8, at)));
const equal = (count: number): Staked[] =>
  Array.from({ length: count }, (_, at) => ({ node: nodeAt(at), stake: 5n }));

test("a seat follows from one hash and one stake, as a contract would compute it", () => {
  const seed = seedAt(1);
  const total = 1000n;
  for (let at = 0; at < 200; at += 1) {
    const node = nodeAt(at);
    const lot = BigInt(`0x${bytesToHex(keccak_256(hexToBytes(seed + node.slice(2))))}`);
    const stake = BigInt(1 + (at % 90));
    expect(isDrawn(seed, { node, stake }, 5, total)).toBe(lot < ((5n * stake) << 256n) / total);
  }
});

test("the wanted number is drawn on the average, and splitting a stake draws no more", () => {
  const whole = [...equal(40), { node: nodeAt(1000), stake: 20n }];
  const split = [...equal(40), ...[0, 1, 2, 3].map((at) => ({ node: nodeAt(1000 + at), stake: 5n }))];
  const isSplitter = (node: Address) => Number.parseInt(node.slice(-4), 16) >= 1000;
  let [all, ofWhole, ofSplit] = [0, 0, 0];
  for (let draw = 0; draw < 600; draw += 1) {
    all += drawn(seedAt(draw), whole, 6).length;
    ofWhole += drawn(seedAt(draw), whole, 6).filter(isSplitter).length;
    ofSplit += drawn(seedAt(draw), split, 6).filter(isSplitter).length;
  }
  // 6 a draw with a standard deviation of 2.3, so ±0.1 over 600; the splitter's share is 6 × 20 / 220 of a seat.
  expect(all / 600).toBeGreaterThan(5.5);
  expect(all / 600).toBeLessThan(6.5);
  expect(ofWhole / 600).toBeCloseTo(0.545, 1);
  expect(ofSplit / 600).toBeCloseTo(0.545, 1);
});

test("a draw is the same whoever makes it and in whatever order nodes are listed", () => {
  fc.assert(
    fc.property(fc.nat(60_000), fc.nat(39), (at, turn) => {
      const nodes = equal(40);
      const turned = [...nodes.slice(turn), ...nodes.slice(0, turn)];
      expect(drawn(seedAt(at), turned, 8)).toEqual(drawn(seedAt(at), nodes, 8));
    }),
    { numRuns: 20 },
  );
});

const answer = { executor: nodeAt(3), sealed: "ab".repeat(32), at: 1000 };
const rules = { share: 0.05, seats: 4, thawMs: 10_000 };
const lastsMs = rules.thawMs;

test("answers are drawn for audit by beacons after them, at the share agreed, within the thaw window only", () => {
  const nodes = equal(30);
  let due = 0;
  for (let epoch = 0; epoch < 1500; epoch += 1) {
    const beacon = seedAt(epoch);
    const auditors = auditorsOf(answer, { beacon, at: 2000, lastsMs }, nodes, { ...rules, seats: 10 });
    expect(auditors).not.toContain(answer.executor);
    if (auditors.length > 0) due += 1;
    for (const at of [0, 1000, 11_001])
      expect(auditorsOf(answer, { beacon, at, lastsMs }, nodes, rules)).toEqual([]);
  }
  // 75 expected, with a standard deviation of 8.4.
  expect(due).toBeGreaterThan(45);
  expect(due).toBeLessThan(105);
});

test("a beacon draws each answer by itself", () => {
  const nodes = equal(30);
  const every = { ...rules, share: 1, seats: 10 };
  const epoch = { beacon: seedAt(9), at: 2000, lastsMs };
  const one = auditorsOf(answer, epoch, nodes, every);
  expect(one.length).toBeGreaterThan(0);
  expect(auditorsOf({ ...answer, sealed: "ac".repeat(32) }, epoch, nodes, every)).not.toEqual(one);
  expect(drawSeed(seedAt(1), seedAt(2))).not.toBe(drawSeed(seedAt(2), seedAt(1)));
});

test("over the whole window the same share is drawn, however many epochs it is cut into", () => {
  for (const epochs of [1, 7, 40]) {
    let drawn = 0;
    for (let at = 0; at < 1200; at += 1) {
      const one = { sealed: seedAt(at), at: 0 };
      const every = Array.from({ length: epochs }, (_, epoch) => ({
        ...{ beacon: seedAt(3000 + epoch), at: 1 + epoch, lastsMs: rules.thawMs / epochs },
      }));
      if (every.some((epoch) => isAuditDue(one, epoch, { ...rules, share: 0.25 }))) drawn += 1;
    }
    // 300 expected, with a standard deviation of 15.
    expect(Math.abs(drawn - 300), `${epochs} epochs`).toBeLessThan(75);
  }
  expect(isAuditDue(answer, { beacon: seedAt(1), at: 2000, lastsMs: 1 }, { ...rules, share: 1 })).toBe(true);
});

test("who is judged has no seat, and its stake counts for nothing", () => {
  fc.assert(
    fc.property(fc.nat(60_000), fc.nat(39), fc.integer({ min: 1, max: 20 }), (at, judged, seats) => {
      const draw = { seed: seedAt(at), seats, excluded: [nodeAt(judged)] };
      const nodes = equal(40);
      const all = seated(draw, nodes);
      expect(all).not.toContain(nodeAt(judged));
      expect(all).toEqual(
        drawn(
          draw.seed,
          nodes.filter(({ node }) => node !== nodeAt(judged)),
          seats,
        ),
      );
      // Whoever knows only some of them, and the sum of all, draws the same ones.
      const known = nodes.filter(({ node }, index) => node === nodeAt(judged) || index % 2 === 0);
      const names = known.map(({ node }) => node);
      expect(seated(draw, known, 200n)).toEqual(all.filter((node) => names.includes(node)));
    }),
    { numRuns: 60 },
  );
});

test("a drawn committee's seed depends on both the client's and the beacon", () => {
  const [a, b] = [seedAt(1), seedAt(2)];
  expect(drawnSeed(a, b)).toMatch(/^[0-9a-f]{64}$/);
  expect(new Set([drawnSeed(a, b), drawnSeed(b, a), drawnSeed(a, a), a, b]).size).toBe(5);
});
