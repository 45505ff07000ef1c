import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { recorded } from "../bench/proof/recordings.ts";
import { falsePart, partOf, replay } from "../bench/proof/replay.ts";
import { shippedPairs } from "../src/protocol/calibration.generated.ts";
import { tolerancesOf } from "../src/protocol/calibration.ts";
import { madeUp } from "./adversaries/bent-voice.ts";

/** Answers of the real model, recorded once, before the real rules with the bounds that ship: no model, no minutes. */

const { said, seen } = recorded(join(import.meta.dirname, "recordings"), "honest");
const tolerances = tolerancesOf(shippedPairs);
const answers = said.map((one, at) => ({ one, part: partOf(one, seen[at]!, tolerances), own: seen[at]! }));
const strange = (at: number) => seen[(at + 1) % seen.length]!.leaves;

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

  test("told under another seed is not what its fingerprints show", () => {
    const warm = answers.filter(({ one }) => one.sampling.temperature > 0);
    expect(warm.length).toBeGreaterThan(3);
    for (const { one, part } of warm) {
      const sampling = { ...one.sampling, seed: "5e".repeat(32) };
      expect(replay({ ...one, sampling }, [part, part], tolerances).verdict).toBe("invalid");
    }
  });
});
