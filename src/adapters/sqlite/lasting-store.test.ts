import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { lastingStore } from "./lasting-store.ts";
import { openStore } from "./store.ts";

test("a running node's store tells once that the disk is full, goes on, and tells when it can be written again", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-store-"));
  const lines: string[] = [];
  const say = (event: string, facts: Record<string, unknown> = {}) =>
    void lines.push(`${event} ${facts["code"] ?? ""}`.trim());
  const log = { debug: say, info: say, warn: say, error: say };
  const store = lastingStore(openStore({ path: join(folder, "node.sqlite"), bytesMax: 64 * 1024 }), { log });
  onTestFinished(() => {
    store.close();
    rmSync(folder, { recursive: true });
  });
  store.put("seq", "1");
  for (let time = 0; time < 3; time++) store.put("big", "x".repeat(128 * 1024));
  expect([store.get("seq"), store.get("big")]).toEqual(["1", undefined]);
  store.put("seq", "2");
  expect(store.get("seq")).toBe("2");
  expect(lines).toEqual(["disk.not-written disk-full", "disk.written-again"]);
});
