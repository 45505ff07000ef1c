import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { leafOf } from "../../domain/verification/leaf.ts";
import { keepTraces, readTraces, type Said } from "./trace.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-traces-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const said = (index: number): Said => ({
  ...{
    index,
    profile: "cpu",
    sampling: { temperature: 0, topP: 1, seed: "00" },
    promptTokens: 3,
    ids: [7, 8],
  },
  leaves: [7, 8].map(
    (id) =>
      leafOf([
        { id, logit: 2 },
        { id: id + index + 1, logit: 1.5 },
      ])!,
  ),
});

test("traces are read as they were kept, however many times a run was gone on with", () => {
  const file = join(folder, "deep/series.said.jsonl.gz");
  expect(readTraces(file)).toEqual([]);
  keepTraces(file, [said(0), said(1)]);
  keepTraces(file, []);
  keepTraces(file, [said(2)]);
  expect(readTraces(file)).toEqual([said(0), said(1), said(2)]);
});

test("a file that was cut off in the middle of a piece is not taken for a whole one", () => {
  const file = join(folder, "series.said.jsonl.gz");
  keepTraces(file, [said(0)]);
  appendFileSync(file, Buffer.from([0x1f, 0x8b, 8, 0, 0]));
  expect(() => readTraces(file)).toThrow();
});
