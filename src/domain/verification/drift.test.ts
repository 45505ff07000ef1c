import { expect, test } from "vitest";
import type { Address } from "../ids.ts";
import { type Compared, createDrifts, severalAnswers } from "./drift.ts";
import { positionsMax } from "./positions.ts";
import type { Tolerance } from "./tolerance.ts";

const tolerance: Tolerance = {
  distance: [
    { from: 8, near: 1.3, far: 1.7 },
    { from: severalAnswers, near: 1.1, far: 1.2 },
  ],
  margin: [],
  marginMax: 1,
};
const of = (usual: number, node = "0x01"): Compared => ({
  ...{ node: node as Address, profile: "cpu", otherProfile: "cpu" },
  ...{ usual, opened: positionsMax },
});

test("answers that each could be an honest one's are found out by five of them together", () => {
  const drifts = createDrifts({ driftsMax: 8 });
  const verdicts = Array.from({ length: 10 }, () => drifts.note(of(1.25), tolerance));
  expect(verdicts).toEqual([4, 1, 4, 1].flatMap((n, at) => Array(n).fill(at % 2 ? "invalid" : undefined)));
  expect(Array.from({ length: 5 }, () => drifts.note(of(1.0), tolerance)).at(-1)).toBe("valid");
});

test("each node has an account of its own, and the one added to longest ago is the first forgotten", () => {
  const drifts = createDrifts({ driftsMax: 2 });
  for (let at = 0; at < 4; at += 1) drifts.note(of(2, "0x01"), tolerance);
  for (let at = 0; at < 5; at += 1) expect(drifts.note(of(1, "0x02"), tolerance)).not.toBe("invalid");
  drifts.note(of(2, "0x03"), tolerance);
  expect(drifts.note(of(2, "0x01"), tolerance)).toBe("invalid");
  for (let at = 0; at < 4; at += 1) drifts.note(of(2, "0x01"), tolerance);
  for (const node of ["0x04", "0x05"]) drifts.note(of(1, node), tolerance);
  expect(drifts.note(of(2, "0x01"), tolerance)).toBeUndefined();
});

test("without bounds for several answers, or for what is no number, nothing is pooled", () => {
  const drifts = createDrifts({ driftsMax: 8 });
  const single = { ...tolerance, distance: tolerance.distance.slice(0, 1) };
  for (let at = 0; at < 9; at += 1) expect(drifts.note(of(5), single)).toBeUndefined();
  for (let at = 0; at < 9; at += 1) expect(drifts.note(of(Number.NaN), tolerance)).toBeUndefined();
});
