import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
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

test("looking makes no folders, and sees whether they could be made", async () => {
  const folderIn = async (parent: string) => {
    const there = join(parent, "a", "b");
    const found = await examine(
      { home: there, homeNamed: true, port: 0 },
      { PATH: "", HOLDFAST_CACHE: home },
    );
    expect(existsSync(join(parent, "a"))).toBe(false);
    return found.find(({ name }) => name === "home folder");
  };
  expect(await folderIn(home)).toMatchObject({ state: "ok" });
  const file = join(home, "file");
  writeFileSync(file, "");
  expect(await folderIn(file)).toMatchObject({ state: "missing" });
});
