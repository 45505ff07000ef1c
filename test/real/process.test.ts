import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { isAlive, processStart } from "../../src/adapters/process/process-start.ts";
import { until } from "../rigs/until.ts";

interface Family {
  readonly parent: ChildProcess;
  readonly pids: ReadonlyArray<{ readonly pid: number; readonly start: string | undefined }>;
  readonly failure: { readonly code: string; readonly facts: Readonly<Record<string, string>> };
}

const folder = mkdtempSync(join(tmpdir(), "holdfast-process-"));
const started: Family[] = [];

async function startFamily(): Promise<Family> {
  const file = join(import.meta.dirname, "../rigs/family.ts");
  const parent = spawn(process.execPath, [file, "parent", join(folder, "log")], {
    stdio: ["ignore", "pipe", "inherit", "pipe"],
    env: { ...process.env, HOLDFAST_LIFELINE: "3" },
  });
  const line = await new Promise<string>((resolve) => {
    let text = "";
    parent.stdout?.on("data", (data) => {
      text += data;
      if (text.includes("\n")) resolve(text);
    });
  });
  const { pids, failure } = JSON.parse(line) as { pids: number[]; failure: Family["failure"] };
  const family = { parent, failure, pids: pids.map((pid) => ({ pid, start: processStart(pid) })) };
  started.push(family);
  return family;
}

const allGone = ({ pids }: Family) => pids.every(({ pid, start }) => !isAlive(pid, start));

afterEach(() => {
  for (const { parent, pids } of started.splice(0)) {
    parent.kill("SIGKILL");
    for (const { pid, start } of pids) if (isAlive(pid, start)) process.kill(pid, "SIGKILL");
  }
  rmSync(folder, { recursive: true, force: true });
});

describe("children of a process", () => {
  test("end with it when it is killed, a stopped one and a foreign program included", async () => {
    const family = await startFamily();
    process.kill(family.pids[1]!.pid, "SIGSTOP");
    family.parent.kill("SIGKILL");
    await until(() => allGone(family), 2_000, "every child is gone");
  });

  test("end when it is stopped itself and its own lifeline closes", async () => {
    const family = await startFamily();
    family.parent.kill("SIGSTOP");
    (family.parent.stdio[3] as NodeJS.WritableStream | null)?.end();
    await until(() => allGone(family), 2_000, "every child is gone");
  });

  test("are asked to end in order, and stopped ones are killed, a foreign program included", async () => {
    const family = await startFamily();
    for (const { pid } of [family.pids[0]!, family.pids[2]!]) process.kill(pid, "SIGSTOP");
    const ended = new Promise((resolve) => family.parent.once("exit", (code) => resolve(code)));
    family.parent.kill("SIGTERM");
    expect(await ended).toBe(0);
    await until(() => allGone(family), 2_000, "every child is gone");
  });

  test("that fail while starting are told of with their last words", async () => {
    const { failure } = await startFamily();
    expect(failure.code).toBe("child-ended");
    expect(failure.facts["how"]).toBe("exit code 7");
    expect(failure.facts["said"]).toContain("no such luck");
  });
});
