import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { receiptOf } from "../../test/rigs/receipt.ts";
import type { Receipt } from "../domain/verification/receipt.ts";
import { readDisputed } from "./disputed.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-disputed-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, content: unknown): string {
  const file = join(folder, name);
  writeFileSync(file, JSON.stringify(content));
  return file;
}

function evidenceOf(receipt: Receipt) {
  const [accused, accuser] = receipt.proof.openings.map(({ node }) => node);
  return { v: 1, kind: "dispute", receipt, accused, accuser, apartAt: 3, epoch: 301 };
}

test("a receipt's evidence goes beside it, and the next run goes on with it", async () => {
  const receipt = await receiptOf();
  const file = written("one.json", receipt);
  const out = join(folder, "one.evidence.json");
  expect(readDisputed(file, undefined)).toMatchObject({ out, earlier: undefined });
  written("one.evidence.json", evidenceOf(receipt));
  expect(readDisputed(file, undefined)).toMatchObject({ out, receipt, earlier: { epoch: 301 } });
});

test("evidence goes on where it is", async () => {
  const file = written("one.evidence.json", evidenceOf(await receiptOf()));
  expect(readDisputed(file, undefined)).toMatchObject({ out: file, earlier: { epoch: 301 } });
});

test("evidence of another receipt is neither judged instead nor written over", async () => {
  const [receipt, other] = [await receiptOf(), await receiptOf()];
  const out = written("out.json", evidenceOf(other));
  for (const file of [written("one.json", receipt), written("one.evidence.json", evidenceOf(receipt))])
    expect(() => readDisputed(file, out)).toThrow(
      expect.objectContaining({ code: "other-evidence", fault: "user" }),
    );
});

test("what is neither is refused", () => {
  const file = written("one.json", { v: 1 });
  expect(() => readDisputed(file, undefined)).toThrow(expect.objectContaining({ code: "not-a-receipt" }));
});
