import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { processOf, readRun, recordAlone } from "./run-file.ts";

const gateway = { gateway: { ...processOf(), url: "http://127.0.0.1:1/v1" }, providers: [] };

test("a home that cannot be written costs a lone process its record, and nothing else", () => {
  const home = join(mkdtempSync(join(tmpdir(), "holdfast-run-file-")), "file");
  writeFileSync(home, "");
  const warned: unknown[] = [];
  const log = { debug() {}, info() {}, error() {}, warn: (event: string) => warned.push(event) };
  recordAlone(log, home, gateway);
  expect(warned).toEqual(["run-file.not-written"]);
});

test("elsewhere it is read back", () => {
  const home = mkdtempSync(join(tmpdir(), "holdfast-run-file-"));
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  recordAlone(log, home, gateway);
  expect(readRun(home)).toMatchObject(gateway);
});
