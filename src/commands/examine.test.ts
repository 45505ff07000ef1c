import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { examine } from "./examine.ts";

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "holdfast-examine-"));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** On a machine without any programs. */
const examined = async (settings: object) => {
  const findings = await examine(
    { home, homeNamed: true, port: 0, ...settings },
    { PATH: "", HOLDFAST_CACHE: home },
  );
  return findings.filter(({ name }) => name.startsWith("embeddings"));
};

test("a model for embeddings is looked for, and what runs it, only where one is named", async () => {
  expect(await examined({})).toEqual([]);
  const embeddings = join(home, "model.onnx");
  const engine = { name: "embeddings engine", found: expect.stringContaining("onnxruntime-node") };
  expect(await examined({ embeddings })).toMatchObject([{ state: "missing", found: "no such file" }, engine]);
  writeFileSync(embeddings, "");
  expect(await examined({ embeddings })).toMatchObject([{ state: "ok", found: embeddings }, engine]);
});
