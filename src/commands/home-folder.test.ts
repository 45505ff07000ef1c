import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeHome } from "./home-folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-folder-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("all levels are made, and made again at no cost", () => {
  const deep = join(folder, "a/b/c");
  makeHome(deep);
  makeHome(deep);
  expect(existsSync(deep)).toBe(true);
});

test("where one cannot be made it says so, and at once", () => {
  const unusable = expect.objectContaining({ code: "home-unusable" });
  expect(() => makeHome("/proc/holdfast/deep")).toThrow(unusable);
  writeFileSync(join(folder, "file"), "");
  expect(() => makeHome(join(folder, "file/deep"))).toThrow(unusable);
});
