import { systemClock } from "../../src/adapters/system/clock.ts";
import type { Log } from "../../src/ports.ts";

/** The machine's own clock. */
export const clock = systemClock;

/** Keeps what was logged, to be asserted on or printed by a failing test. */
export function createLogRig(): Log & { readonly lines: string[] } {
  const lines: string[] = [];
  const write =
    (level: string) =>
    (event: string, facts: Record<string, unknown> = {}) => {
      lines.push(`${level} ${event} ${JSON.stringify(facts)}`);
    };
  return { lines, debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}
