import { join } from "node:path";
import { expect } from "vitest";
import type { Count } from "../../src/commands/chaos/figures.ts";
import { familyOf, root, startCommand, survivors } from "./command.ts";
import { until } from "./until.ts";

const main = process.env["HOLDFAST_MAIN"] ?? join(root, "src/main.ts");
const none = { truncated: 0, duplicate: 0, wrong: 0, hang: 0 };

/** `holdfast chaos` under way. */
export interface RunningChaos {
  /** Its report, once it has ended well and nothing it started is left. */
  readonly report: Promise<unknown>;
  stop(): void;
}

export function startChaos(begun: RegExp, ...args: string[]): RunningChaos {
  const command = startCommand(process.execPath, [main, "chaos", ...args, "--seed", "4", "--json"]);
  const report = async () => {
    await until(() => begun.test(command.stderr()), 120_000, "something was broken");
    const family = familyOf(command.child.pid ?? 0);
    expect(family.length, "chaos, up, chain, guards, gateway and most of its providers").toBeGreaterThan(6);
    const { code, stdout } = await command.finished;
    await until(() => survivors(family).length === 0, 5_000, "nothing it started is left");
    expect(code, command.stderr()).toBe(0);
    return JSON.parse(stdout) as unknown;
  };
  return { report: report(), stop: () => void command.child.kill("SIGINT") };
}

/** Every request was counted once, and none failed in silence. */
export function isSound(count: Count): void {
  expect(count.silent, JSON.stringify(count)).toEqual(none);
  expect(count.success + count.error, "each request is counted once").toBe(count.requests);
}
