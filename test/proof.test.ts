import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { recorded } from "../bench/proof/recordings.ts";
import { falsePart, partOf, replay } from "../bench/proof/replay.ts";
import { tolerances as judging } from "../src/domain/verification/judge.ts";
import { leafCandidates } from "../src/domain/verification/leaf.ts";
import { leafMargin } from "../src/domain/verification/leaf-margin.ts";
import { choose } from "../src/domain/verification/sampler.ts";
import { shippedPairs } from "../src/protocol/calibration.generated.ts";
import { tolerancesOf } from "../src/protocol/calibration.ts";
import { madeUp } from "./adversaries/bent-witness.ts";

/** Answers of the real model, recorded once, before the real rules with the bounds that ship: no model, no minutes. */

const recordings = join(import.meta.dirname, "recordings");
const { said, seen } = recorded(recordings, "honest");
const tolerances = tolerancesOf(shippedPairs);
const answers = said.map((one, at) => ({ one, part: partOf(one, seen[at]!, tolerances), own: seen[at]! }));
const { marginMax } = judging;
const strange = (at: number) => seen[(at + 1) % seen.length]!.leaves;

/** How often a witness sees a token replaced by the `rank`-th of the others its sampler would have chosen. */
function seenAmong(rank: number): { readonly swaps: number; readonly share: number } {
  let [swaps, caught] = [0, 0];
  for (const { one, own } of answers) {
    if (one.sampling.temperature === 0) continue;
    for (const [position, id] of one.ids.entries()) {
      const leaf = own.leaves[position]!;
      let left = leafCandidates(leaf).filter((each) => each.id !== id);
      for (let better = 0; better < rank; better += 1) {
        const best = choose(left, one.sampling, position).id;
        left = left.filter((each) => each.id !== best);
      }
      const swapped = choose(left, one.sampling, position).id;
      swaps += 1;
      if (leafMargin(leaf, swapped, one.sampling, position) > marginMax) caught += 1;
    }
  }
  return { swaps, share: caught / swaps };
}

describe("a recorded answer of a real model", () => {
  test("is valid when executor and witnesses were honest", () => {
    expect(answers.length).toBeGreaterThan(5);
    for (const { one, part } of answers) {
      expect(replay(one, [part, part], tolerances)).toMatchObject({ verdict: "valid", outliers: [] });
    }
  });

  test("is invalid under another's fingerprint", () => {
    for (const [at, { one, part }] of answers.entries()) {
      const leaves = one.ids.map((_, position) => strange(at)[position % strange(at).length]!);
      expect(replay({ ...one, leaves }, [part, part], tolerances).verdict).toBe("invalid");
    }
  });

  test.each([
    ["made its fingerprint up", () => Array.from({ length: 96 }, madeUp)],
    ["took it from another answer", strange],
  ])("stays valid beside a witness that %s, and it alone is blamed", (_, leavesOf) => {
    for (const [at, { one, part, own }] of answers.entries()) {
      const ruling = replay(one, [part, part, falsePart(one, own, leavesOf(at))], tolerances);
      expect(ruling).toMatchObject({ verdict: "valid", outliers: [ruling.members.at(-1)!.node] });
    }
  });

  test("with one token in another's place is rejected as often as is claimed, which is not always", () => {
    const [runnersUp, others] = [seenAmong(0), seenAmong(3)];
    expect(runnersUp.swaps).toBeGreaterThan(500);
    // 47 % at the second best by the sampler's own scores, 88 % at the fifth: the rest is as good as chosen.
    expect([runnersUp.share, others.share]).toEqual([...[expect.closeTo(0.47, 1), expect.closeTo(0.88, 1)]]);
  });

  test("is invalid when its executor had slipped a sentence into the prompt", () => {
    const slipped = recorded(recordings, "injected-prompt");
    expect(slipped.said.length).toBeGreaterThan(5);
    for (const [at, one] of slipped.said.entries()) {
      const part = partOf(one, slipped.seen[at]!, tolerances);
      expect(replay(one, [part, part], tolerances).verdict).toBe("invalid");
    }
  });

  test("told under another seed is not what its fingerprints show", () => {
    const warm = answers.filter(({ one }) => one.sampling.temperature > 0);
    expect(warm.length).toBeGreaterThan(3);
    for (const { one, part } of warm) {
      const sampling = { ...one.sampling, seed: "5e".repeat(32) };
      expect(replay({ ...one, sampling }, [part, part], tolerances).verdict).toBe("invalid");
    }
  });
});
