import { join } from "node:path";
import { expect, test } from "vitest";
import { root, startCommand } from "../rigs/command.ts";

interface Cell {
  readonly fault: string;
  readonly tally: Record<"inFlight" | "after", Record<"whole" | "error" | "silent" | "timeout", number>>;
}

test("three of ten upstreams fail by each fault in turn, with fifty streams in flight, and no answer fails silently", async () => {
  const bench = startCommand(process.execPath, [join(root, "bench/survive/main.ts"), "--quick", "--json"]);
  const { code, stdout, stderr } = await bench.finished;
  expect(code, stderr).toBe(0);
  const { entries } = JSON.parse(stdout) as { entries: Cell[] };
  expect(entries.length).toBe(9);
  for (const { fault, tally } of entries) {
    const { inFlight, after } = tally;
    const whole = inFlight.whole + after.whole;
    expect(whole, fault).toBeGreaterThan(50);
    // Of an answer without an end the application is not told either.
    for (const { silent, timeout } of [inFlight, after]) expect([silent, timeout], fault).toEqual([0, 0]);
    // A few hundred answers on a machine that may be busy cannot show the 99.95 % that the full bench is for.
    expect(inFlight.error + after.error, `${fault}: explicit errors`).toBeLessThanOrEqual(whole / 50);
  }
}, 300_000);
