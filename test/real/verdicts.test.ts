import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { holdfast } from "../rigs/command.ts";
import { receiptOf } from "../rigs/receipt.ts";

/** Exit codes of `verify` and `audit` are verdicts: nothing else that happens may look like one. */

let folder: string;
let receipt: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-verdicts-"));
  receipt = join(folder, "receipt.json");
  writeFileSync(receipt, JSON.stringify(await receiptOf()));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => holdfast([...args, "--home", join(folder, "home")]);

test("a receipt's verdict is the exit code", async () => {
  expect(await run("verify", receipt)).toMatchObject({ code: 0 });
});

test("a wrong flag, a model that is none and a file that cannot be written are no verdicts", async () => {
  const nowhere = join(folder, "gone", "file.json");
  expect(await run("verify")).toMatchObject({ code: 3 });
  expect(await run("verify", receipt, "--bogus")).toMatchObject({ code: 3 });
  expect(await run("verify", receipt, "--model", nowhere)).toMatchObject({ code: 3 });
  expect(await run("verify", receipt, "--export", nowhere)).toMatchObject({ code: 3, stdout: "" });
});

test("an audit that cannot come to a verdict says so before anybody is asked", async () => {
  const without = join(folder, "without.json");
  writeFileSync(without, JSON.stringify(await receiptOf({ withPrompt: false })));
  const promptless = await run("audit", without);
  expect(promptless).toMatchObject({ code: 3, stderr: expect.stringContaining("Without its prompt") });
  const unwritable = await run("audit", receipt, "--out", join(folder, "gone", "file.json"));
  expect(unwritable).toMatchObject({ code: 3, stderr: expect.stringContaining("cannot be") });
});

test("what cannot be exported is reported on all the same", async () => {
  const envelope = join(folder, "receipt.dsse.json");
  expect(await run("verify", receipt, "--export", envelope)).toMatchObject({ code: 0 });
  const again = await run("verify", envelope, "--json", "--export", join(folder, "again.json"));
  expect(JSON.parse(again.stdout)).toMatchObject({ verdict: "valid" });
  expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining("Only a receipt") });
});
