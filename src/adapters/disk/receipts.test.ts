import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JobId } from "../../domain/ids.ts";
import type { Log } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import { openReceipts } from "./receipts.ts";

const silent = () => {};
let warnings: string[] = [];
const warn: Log["warn"] = (event, facts) => void warnings.push(`${event}: ${String(facts?.["reason"])}`);
const log: Log = { debug: silent, info: silent, warn, error: silent };
const jobOf = (index: number) => index.toString(16).padStart(64, "0") as JobId;
let folder: string;

beforeEach(() => {
  warnings = [];
  folder = mkdtempSync(join(tmpdir(), "holdfast-receipts-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("a receipt is read back at once, from the disk later, and by the next process", async () => {
  const receipts = openReceipts({ log }, folder);
  receipts.put(jobOf(1), '{"v":1}');
  expect(await receipts.get(jobOf(1))).toBe('{"v":1}');
  await receipts.close();
  expect(await receipts.get(jobOf(1))).toBe('{"v":1}');
  expect(await openReceipts({ log }, folder).get(jobOf(1))).toBe('{"v":1}');
  expect(await receipts.get(jobOf(2))).toBeUndefined();
});

test("beyond what may be kept the oldest goes, those of an earlier process first", async () => {
  const earlier = openReceipts({ log }, folder);
  earlier.put(jobOf(0), "first");
  await earlier.close();
  const receipts = openReceipts({ log }, folder);
  for (let index = 1; index <= limits.receiptsKept; index += 1) {
    receipts.put(jobOf(index), String(index));
    if (index % 32 === 0) await receipts.close();
  }
  await receipts.close();
  expect(readdirSync(folder)).toHaveLength(limits.receiptsKept);
  expect(await receipts.get(jobOf(0))).toBeUndefined();
  expect(await receipts.get(jobOf(limits.receiptsKept))).toBe(String(limits.receiptsKept));
});

test("a folder that vanished costs the receipt and nothing else", async () => {
  const receipts = openReceipts({ log }, folder);
  rmSync(folder, { recursive: true });
  receipts.put(jobOf(1), "lost");
  await receipts.close();
  expect(await receipts.get(jobOf(1))).toBeUndefined();
});

test("one that is put again replaces the first, and one that was dropped is gone from the disk", async () => {
  const receipts = openReceipts({ log }, folder);
  for (const text of ["sealed", "audited"]) receipts.put(jobOf(1), text);
  receipts.put(jobOf(2), "other");
  await receipts.close();
  expect(await receipts.get(jobOf(1))).toBe("audited");
  expect(receipts.jobs()).toEqual([jobOf(1), jobOf(2)]);
  receipts.drop(jobOf(1));
  await receipts.close();
  expect(receipts.jobs()).toEqual([jobOf(2)]);
  expect(readdirSync(folder)).toEqual([`${jobOf(2)}.json`]);
});

test("one that the disk does not let go is told of, and those after it are kept all the same", async () => {
  const receipts = openReceipts({ log }, folder);
  mkdirSync(join(folder, `${jobOf(1)}.json`));
  receipts.drop(jobOf(1));
  receipts.put(jobOf(2), "after it");
  await receipts.close();
  expect(warnings).toEqual([expect.stringMatching(/^receipt\.not-dropped: /)]);
  expect(readdirSync(folder)).toContain(`${jobOf(2)}.json`);
});

test("what is too large, or more than the disk keeps up with, is dropped and told of", async () => {
  const receipts = openReceipts({ log }, folder);
  receipts.put(jobOf(0), "x".repeat(limits.receiptBytesMax + 1));
  for (let index = 1; index <= limits.receiptsPendingMax + 1; index += 1) receipts.put(jobOf(index), "waits");
  await receipts.close();
  expect(warnings).toEqual([
    "receipt.not-kept: it is too large",
    "receipt.not-kept: too many wait for the disk",
  ]);
  expect(receipts.jobs()).toHaveLength(limits.receiptsPendingMax);
});

test("nobody but this user sees which answers there were", () => {
  const inner = join(folder, "receipts");
  openReceipts({ log }, inner);
  expect(statSync(inner).mode & 0o777).toBe(0o700);
});

test("whoever wants to know whether it is on disk is told", async () => {
  const receipts = openReceipts({ log }, folder);
  receipts.put(jobOf(1), "small");
  expect(await receipts.written(jobOf(1))).toBe(true);
  expect(readdirSync(folder)).toEqual([`${jobOf(1)}.json`]);
  expect(await receipts.written(jobOf(1)), "later, too").toBe(true);
  expect(await receipts.written(jobOf(2))).toBe(false);
  receipts.put(jobOf(1), "x".repeat(limits.receiptBytesMax + 1));
  expect(await receipts.written(jobOf(1))).toBe(false);
  rmSync(folder, { recursive: true });
  receipts.put(jobOf(3), "nowhere");
  expect(await receipts.written(jobOf(3))).toBe(false);
});
