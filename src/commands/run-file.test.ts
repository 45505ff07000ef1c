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

test("beside one that lives it leaves that one's record alone, and says so", () => {
  const home = mkdtempSync(join(tmpdir(), "holdfast-run-file-"));
  const warned: unknown[] = [];
  const log = { debug() {}, info() {}, error() {}, warn: (_: string, facts = {}) => warned.push(facts) };
  recordAlone(log, home, gateway);
  recordAlone(log, home, { ...gateway, gateway: { ...gateway.gateway, url: "http://127.0.0.1:2/v1" } });
  expect(readRun(home)).toMatchObject(gateway);
  expect(warned).toEqual([expect.objectContaining({ url: gateway.gateway.url })]);
});
