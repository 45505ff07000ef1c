import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { signCalibration } from "../adapters/keys/calibration-signature.ts";
import { addressOf, loadNodeKey, makeNodeKey } from "../adapters/keys/node-key.ts";
import type { Calibration } from "../protocol/calibration.ts";
import { readTolerances } from "./calibration.ts";

/** Bounds in a home folder: whose they are, and whether they mean what this version takes them to mean. */

const bounds = { distance: [{ from: 8, near: 1.2, far: 1.6 }], margin: [], marginMax: 1.2 };
const tested = { answers: 1, convicted: 0, inconclusive: 0, convictedMost: 0.9 };
const own: Calibration = {
  ...{ v: 2, model: `sha256:${"0d".repeat(32)}` as never, madeAt: "2026-01-01T00:00:00.000Z" },
  tail: "exponential beyond the 95th percentile",
  pairs: [{ one: "own cpu", other: "own cpu", tolerance: bounds, fitted: 1, tested }],
};

function createHome() {
  const home = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  onTestFinished(() => rmSync(home, { recursive: true }));
  const self = addressOf(loadNodeKey(home));
  const keep = (found: unknown) => writeFileSync(join(home, "calibration.json"), JSON.stringify(found));
  return { home, self, keep, key: loadNodeKey(home) };
}

test("a node's own bounds come before those that ship with the program", async () => {
  const { home, self, keep, key } = createHome();
  const shipped = await readTolerances(home, self);
  expect(shipped("own cpu", "own cpu")).toBeUndefined();
  keep(await signCalibration(own, key));
  expect((await readTolerances(home, self))("own cpu", "own cpu")).toEqual(bounds);
});

test("bounds of an earlier version, which measured otherwise, are refused by name", async () => {
  const { home, self, keep, key } = createHome();
  keep(await signCalibration({ ...own, v: 1 as never }, key));
  await expect(readTolerances(home, self)).rejects.toMatchObject({
    code: "calibration-unusable",
    facts: { reason: "at v: bounds of another version, whose distances were measured otherwise" },
  });
});

test("so is what another key signed, or what is no calibration at all", async () => {
  const { home, self, keep } = createHome();
  keep(await signCalibration(own, makeNodeKey()));
  await expect(readTolerances(home, self)).rejects.toMatchObject({
    facts: { reason: "it is not signed by this node's key" },
  });
  for (const garbage of [{}, "", { body: "{}", signature: "0x" }]) {
    keep(garbage);
    await expect(readTolerances(home, self)).rejects.toMatchObject({ code: "calibration-unusable" });
  }
});
