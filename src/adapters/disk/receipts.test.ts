import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { JobId } from "../../domain/ids.ts";
import type { Log } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import { openReceipts } from "./receipts.ts";

const silent = () => {};
const log: Log = { debug: silent, info: silent, warn: silent, error: silent };
const jobOf = (index: number) => index.toString(16).padStart(64, "0") as JobId;
let folder: string;

beforeEach(() => {
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
