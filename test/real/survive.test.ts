import { join } from "node:path";
import { expect, test } from "vitest";
import { percentileOf, timesOf, wilsonLower } from "../../bench/survive/tally.ts";
import { root, startCommand } from "../rigs/command.ts";

interface Cell {
  readonly fault: string;
  readonly tally: Record<"inFlight" | "after", Record<"whole" | "error" | "silent" | "timeout", number>>;
}

test("three of ten upstreams fail by each fault in turn, with fifty streams in flight, and no answer is lost", async () => {
  const bench = startCommand(process.execPath, [join(root, "bench/survive/main.ts"), "--quick", "--json"]);
  const { code, stdout, stderr } = await bench.finished;
  expect(code, stderr).toBe(0);
  const { entries } = JSON.parse(stdout) as { entries: Cell[] };
  expect(entries.length).toBe(8);
  for (const { fault, tally } of entries) {
    expect(tally.inFlight.whole + tally.after.whole, fault).toBeGreaterThan(50);
    const lost = { error: 0, silent: 0, timeout: 0 };
    expect(tally, fault).toMatchObject({ inFlight: lost, after: lost });
  }
}, 300_000);

test("the bench's figures: a bound that is honest near one, percentiles within two in a hundred", () => {
  expect(wilsonLower(6000, 6000)).toBeCloseTo(0.99936, 5);
  expect(wilsonLower(98, 100)).toBeCloseTo(0.92998, 4);
  const times = timesOf(Array.from({ length: 1000 }, (_, index) => index + 1));
  expect(percentileOf(times, 0.99) / 990).toBeCloseTo(1, 1);
  expect(percentileOf({}, 0.5)).toBeNaN();
});
