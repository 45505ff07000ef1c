import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Count } from "../../src/commands/chaos/figures.ts";
import type { Report } from "../../src/commands/chaos/report.ts";
import type { SoakReport } from "../../src/commands/chaos/soak-report.ts";
import { familyOf, root, startCommand, survivors } from "../rigs/command.ts";
import { until } from "../rigs/until.ts";

const main = process.env["HOLDFAST_MAIN"] ?? join(root, "src/main.ts");
const none = { truncated: 0, duplicate: 0, wrong: 0, hang: 0 };

/** Runs `holdfast chaos` to its end, and sees to it that nothing it started is left. */
async function chaos(begun: RegExp, ...args: string[]) {
  const command = startCommand(process.execPath, [main, "chaos", ...args, "--seed", "4", "--json"]);
  onTestFinished(() => void command.child.kill("SIGINT"));
  await until(() => begun.test(command.stderr()), 120_000, "something was broken");
  const family = familyOf(command.child.pid ?? 0);
  expect(family.length, "chaos, up, chain, guards, gateway and those left of ten providers").toBeGreaterThan(
    10,
  );
  const { code, stdout } = await command.finished;
  await until(() => survivors(family).length === 0, 5_000, "nothing it started is left");
  expect(code, command.stderr()).toBe(0);
  return JSON.parse(stdout) as unknown;
}

function isSound(count: Count): void {
  expect(count.silent, JSON.stringify(count)).toEqual(none);
  expect(count.success + count.error, "each request is counted once").toBe(count.requests);
}

test("three of ten nodes are killed at one instant under fifty streams: no request fails silently", async () => {
  // Slow words, so that the machine's cores carry the load and failures are the network's own.
  const report = (await chaos(
    /streams in flight/,
    ...["--fault", "kill", "--kill", "30%", "--blackouts", "1", "--streams", "50", "--pace", "5"],
  )) as Report;
  const { fault, blackouts, inFlight, alive } = report.faults[0]!;
  expect([fault, blackouts, report.exact]).toEqual(["kill", 1, true]);
  expect(inFlight.requests).toBeGreaterThan(25);
  expect(alive.requests).toBeGreaterThan(inFlight.requests);
  expect(alive.success, "those that are left carry on").toBeGreaterThan(alive.requests / 2);
  for (const count of [report.all, inFlight, alive]) isSound(count);
});

test("for two minutes another node fails every five seconds, by any fault: no request fails silently, few at all", async () => {
  const report = (await chaos(
    /a soak of/,
    ...["--soak", "--minutes", "2", "--fault", "all", "--hold-ms", "5000", "--pace", "10"],
  )) as SoakReport;
  isSound(report.all);
  expect(report.exact).toBe(true);
  expect(Object.values(report.strikes).reduce((sum, count) => sum + count, 0)).toBeGreaterThan(15);
  expect(report.all.requests).toBeGreaterThan(100);
  // On a machine that may be busy; the hour of `npm run soak` is what shows that none is lost.
  expect(report.lost).toBeLessThanOrEqual(report.all.requests / 20);
  const names = report.memory.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(["gateway", "chain", "holdfast up", "provider 2"]));
}, 300_000);
