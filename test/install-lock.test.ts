import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";

/** The lock that two starts in one clone share while one of them installs. */

const { takeLock } = (await import(
  pathToFileURL(join(import.meta.dirname, "../scripts/bootstrap/lock.mjs")).href
)) as { takeLock(file: string, heard: { waiting(pid: number): void }): Promise<() => void> };

test.each([
  ["damaged", "\0\0\0"],
  ["empty", ""],
  ["no object", "null"],
  ["without a holder", "{}"],
  ["of a process that is gone", JSON.stringify({ pid: 2 ** 22 + 1, started: "1" })],
])("a lock that is %s is taken over at once", async (_, content) => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-lock-"));
  const file = join(folder, "install.lock");
  writeFileSync(file, content);
  const waited: number[] = [];
  const release = await takeLock(file, { waiting: (pid) => waited.push(pid) });
  release();
  expect(waited).toEqual([]);
  rmSync(folder, { recursive: true });
});
