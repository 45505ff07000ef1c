import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openOut } from "./out-file.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-out-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("what is written is for this user's eyes only, and nothing is there before", () => {
  const file = join(folder, "evidence.json");
  const write = openOut(file);
  expect(existsSync(file)).toBe(false);
  write({ v: 1 });
  expect(readFileSync(file, "utf8")).toBe('{"v":1}\n');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test("where nothing can be written is told at once, and where it cannot be any more when it is tried", () => {
  for (const file of [folder, join(folder, "gone", "evidence.json")])
    expect(() => openOut(file)).toThrow(
      expect.objectContaining({ code: "out-unwritable", fault: "environment" }),
    );
  const write = openOut(join(folder, "evidence.json"));
  rmSync(folder, { recursive: true });
  expect(() => write({})).toThrow(expect.objectContaining({ code: "out-unwritable" }));
});
