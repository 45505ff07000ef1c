import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPublicClient, http } from "viem";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import {
  familyOf,
  holdfast,
  type Process,
  type RunningCommand,
  root,
  startCommand,
  survivors,
} from "../rigs/command.ts";
import { until } from "../rigs/until.ts";

const home = mkdtempSync(join(tmpdir(), "holdfast-up-"));
const startArgs = ["start", "--silent", "--", "--nodes", "3", "--port", "0", "--home", home, "--json"];
/** How long everything may outlive npm, ms. */
const endMsMax = 2_000;
/** How long the endpoint may be away, ms: a process begins, and finds its providers. */
const startMsMax = 20_000;

const begun: Array<{ command: RunningCommand; family: readonly Process[] }> = [];

afterEach(() => {
  for (const { command, family } of begun.splice(0)) {
    command.child.kill("SIGKILL");
    for (const { pid } of survivors(family)) process.kill(pid, "SIGKILL");
  }
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Status {
  readonly gateway: { readonly url: string; readonly pid: number; readonly alive: boolean };
  readonly chain: { readonly id: number; readonly rpc: readonly string[] };
  readonly providers: ReadonlyArray<{
    readonly peer: string;
    readonly pid: number;
    readonly alive: boolean;
    readonly model: string;
    readonly domain: { readonly operator: string };
    readonly offer: { readonly expiresAt: number };
    readonly stake: string;
  }>;
}

async function start() {
  const command = startCommand("npm", startArgs);
  const line = JSON.parse(await command.line()) as { url: string };
  const family = familyOf(command.child.pid ?? 0);
  begun.push({ command, family });
  const status = JSON.parse((await holdfast(["status", "--json", "--home", home])).stdout) as Status;
  return { command, family, line, status };
}

async function blockNumber({ chain }: Status): Promise<bigint> {
  return createPublicClient({ transport: http(chain.rpc[0]) }).getBlockNumber({ cacheTime: 0 });
}

async function answer(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model: "SmolLM2-135M-Instruct",
      messages: [{ role: "user", content: "Name a colour." }],
      max_tokens: 8,
      temperature: 0,
    }),
  });
  return (await response.json()) as Record<string, unknown>;
}

async function isReached(url: string): Promise<boolean> {
  const listed = fetch(`${url}/models`).then((response) => response.json() as Promise<{ data: unknown[] }>);
  return (await listed.catch(() => ({ data: [] }))).data.length > 0;
}

describe("npm start", () => {
  let first: Status;
  let firstBlock: bigint;

  test("prints one line once it answers, is told of by status, and leaves nothing when npm is killed", async () => {
    const { command, family, line, status } = await start();
    expect(Object.keys(line)).toEqual(["url"]);
    expect(await answer(line.url)).toMatchObject({
      holdfast: { verdict: "valid", witnesses: [expect.any(String), expect.any(String)] },
    });

    expect(status.gateway).toMatchObject({ url: line.url, alive: true });
    expect(status.chain).toMatchObject({
      id: 31337,
      rpc: [expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)],
    });
    expect(status.providers).toHaveLength(3);
    for (const one of status.providers) {
      expect(one).toMatchObject({ alive: true, stake: "100000000000000000000" });
      expect(one.peer).toMatch(/^16Uiu2/);
      expect(one.model).toMatch(/^sha256:/);
      expect(one.domain.operator).toMatch(/^local-/);
      expect(one.offer.expiresAt).toBeGreaterThan(Date.now());
    }

    for (const example of readdirSync(join(root, "examples")).filter((name) => name.endsWith(".mjs"))) {
      const run = await startCommand(process.execPath, [join(root, "examples", example), line.url]).finished;
      expect({ example, code: run.code, stderr: run.stderr }).toEqual({ example, code: 0, stderr: "" });
      expect(run.stdout).toContain("valid");
    }
    first = status;
    firstBlock = await blockNumber(status);

    // A second network has no business in the same folder, and says so instead of harming the first.
    const second = await holdfast(["up", "--home", home, "--json"]);
    expect(second).toMatchObject({ code: 3, stdout: "" });
    expect(second.stderr).toContain("already running");

    expect(command.stdout()).toBe(`${JSON.stringify(line)}\n`);
    process.kill(status.providers[1]!.pid, "SIGSTOP");
    command.child.kill("SIGKILL");
    await until(() => survivors(family).length === 0, endMsMax, "nothing is left of it");
    expect(JSON.parse((await holdfast(["status", "--json", "--home", home])).stdout)).toMatchObject({
      gateway: { alive: false },
      providers: [{ alive: false }, { alive: false }, { alive: false }],
    });
  });

  test("finds its keys and its chain again, tells of who dies, starts its gateway again, and ends in order when asked to", async () => {
    const { command, family, line, status } = await start();
    expect(status.providers.map(({ peer }) => peer)).toEqual(first.providers.map(({ peer }) => peer));
    // The same bonds: nothing was deployed, bonded or registered anew.
    expect(await blockNumber(status)).toBe(firstBlock);
    expect(status.providers.map(({ stake }) => stake)).toEqual(first.providers.map(({ stake }) => stake));

    process.kill(status.providers[0]!.pid, "SIGKILL");
    await until(() => command.stderr().includes("provider 1 (pid"), endMsMax, "its death is told of");
    expect(await answer(line.url)).toMatchObject({ holdfast: { verdict: "valid" } });

    process.kill(status.gateway.pid, "SIGKILL");
    await until(() => command.stderr().includes("gateway (pid"), endMsMax, "its death is told of");
    await until(() => isReached(line.url), startMsMax, "the endpoint is back where it was");
    expect(await answer(line.url)).toMatchObject({ holdfast: { verdict: "valid" } });
    family.push(...familyOf(command.child.pid ?? 0));

    process.kill(status.providers[2]!.pid, "SIGSTOP");
    command.child.kill("SIGTERM");
    await until(() => survivors(family).length === 0, endMsMax, "nothing is left of it");
    expect(command.stdout()).toBe(`${JSON.stringify(line)}\n`);
  });

  test("keeps prompts and keys out of its logs", () => {
    for (const name of ["gateway", "provider-1", "provider-2", "provider-3"]) {
      const log = readFileSync(join(home, name, "log"), "utf8");
      expect(log).not.toContain("Name a colour");
      expect(log).not.toContain(readFileSync(join(home, name, "node.key"), "utf8").trim());
    }
  });
});
