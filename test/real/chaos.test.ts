import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Report } from "../../src/commands/chaos/report.ts";
import { familyOf, root, startCommand, survivors } from "../rigs/command.ts";
import { until } from "../rigs/until.ts";

const main = process.env["HOLDFAST_MAIN"] ?? join(root, "src/main.ts");

test("three of ten nodes are killed, then hang, under fifty streams: no request fails silently", async () => {
  // Slow words, so that the machine's cores carry the load and failures are the network's own.
  const command = startCommand(process.execPath, [
    ...[main, "chaos", "--fault", "kill,hang", "--kill", "30%", "--blackouts", "1"],
    ...["--nodes", "10", "--streams", "50", "--pace", "5", "--seed", "4", "--json"],
  ]);
  onTestFinished(() => void command.child.kill("SIGINT"));
  await until(() => /streams in flight/.test(command.stderr()), 120_000, "something was broken");
  const family = familyOf(command.child.pid ?? 0);
  expect(family.length, "chaos, up, chain, guards, gateway and those left of ten providers").toBeGreaterThan(
    10,
  );
  const { code, stdout } = await command.finished;
  const report = JSON.parse(stdout) as Report;
  const faults = report.faults.map(({ fault, blackouts, inFlight }) => [
    fault,
    blackouts,
    inFlight.requests > 25,
  ]);
  expect(faults).toEqual([
    ["kill", 1, true],
    ["hang", 1, true],
  ]);
  for (const count of [report.all, ...report.faults.flatMap(({ inFlight, alive }) => [inFlight, alive])]) {
    expect(count.silent, JSON.stringify(count)).toEqual({ truncated: 0, duplicate: 0, wrong: 0, hang: 0 });
    expect(count.success + count.error, "each request is counted once").toBe(count.requests);
  }
  for (const { alive, inFlight } of report.faults) {
    expect(alive.requests).toBeGreaterThan(inFlight.requests);
    expect(alive.success, "those that are left carry on").toBeGreaterThan(alive.requests / 2);
  }
  expect(report.exact).toBe(true);
  expect(code).toBe(0);
  await until(() => survivors(family).length === 0, 5_000, "nothing it started is left");
});
