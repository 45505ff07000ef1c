import { join } from "node:path";
import { expect, test } from "vitest";
import { percentileOf, timesOf, wilsonLower } from "../../bench/survive/tally.ts";
import { root, startCommand } from "../rigs/command.ts";

interface Cell {
  readonly fault: string;
  readonly tally: Record<"inFlight" | "after", Record<"whole" | "error" | "silent" | "timeout", number>>;
}

function explicit({ inFlight, after }: Cell["tally"]): number {
  return inFlight.error + inFlight.timeout + after.error + after.timeout;
}

test("three of ten upstreams fail by each fault in turn, with fifty streams in flight, and no answer fails silently", async () => {
  const bench = startCommand(process.execPath, [join(root, "bench/survive/main.ts"), "--quick", "--json"]);
  const { code, stdout, stderr } = await bench.finished;
  expect(code, stderr).toBe(0);
  const { entries } = JSON.parse(stdout) as { entries: Cell[] };
  expect(entries.length).toBe(9);
  for (const { fault, tally } of entries) {
    const [whole, lost] = [tally.inFlight.whole + tally.after.whole, explicit(tally)];
    expect(whole, fault).toBeGreaterThan(50);
    expect([tally.inFlight.silent, tally.after.silent], fault).toEqual([0, 0]);
    // A few hundred answers on a machine that may be busy cannot show the 99.95 % that the full bench is for.
    expect(lost, `${fault}: answers that ended in an error`).toBeLessThanOrEqual(whole / 50);
  }
}, 300_000);

test("the bench's figures: a bound that is honest near one, percentiles within two in a hundred", () => {
  expect(wilsonLower(6000, 6000)).toBeCloseTo(0.99936, 5);
  expect(wilsonLower(98, 100)).toBeCloseTo(0.92998, 4);
  const times = timesOf(Array.from({ length: 1000 }, (_, index) => index + 1));
  expect(percentileOf(times, 0.99) / 990).toBeCloseTo(1, 1);
  expect(percentileOf({}, 0.5)).toBeNaN();
});
