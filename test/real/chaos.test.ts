import { expect, test } from "vitest";
import type { SoakReport } from "../../src/commands/chaos/soak-report.ts";
import { chaos, isSound } from "../rigs/chaos.ts";

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
