import { expect, onTestFinished, test } from "vitest";
import type { Report } from "../../src/commands/chaos/report.ts";
import { isSound, startChaos } from "../rigs/chaos.ts";

test("three of ten nodes are killed at one instant under fifty streams: no request fails silently", async () => {
  // Slow words, so that the machine's cores carry the load and failures are the network's own.
  const chaos = startChaos(
    /streams in flight/,
    ...["--fault", "kill", "--kill", "30%", "--blackouts", "1", "--streams", "50", "--pace", "5"],
  );
  onTestFinished(chaos.stop);
  const report = (await chaos.report) as Report;
  const { fault, blackouts, inFlight, alive } = report.faults[0]!;
  expect([fault, blackouts, report.exact]).toEqual(["kill", 1, true]);
  expect(inFlight.requests).toBeGreaterThan(25);
  expect(alive.requests).toBeGreaterThan(inFlight.requests);
  expect(alive.success, "those that are left carry on").toBeGreaterThan(alive.requests / 2);
  for (const count of [report.all, inFlight, alive]) isSound(count);
});
