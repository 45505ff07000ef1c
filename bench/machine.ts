import { execFileSync } from "node:child_process";
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

/** Where and on what a figure came about. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly node: string;
  /** With a plus when the sources differed from it. */
  readonly commit: string;
}

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 1e9),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    commit: commit(),
  };
}

/** Processes that ran or wanted to, averaged over a minute. */
export function load(): number {
  return Math.round(loadavg()[0]! * 100) / 100;
}

/** Above this many busy processes beside the bench, two cores measure each other's noise. */
const quietLoad = 1.5;

/** Waits until nobody else uses the machine, at most `patienceS`; then measures anyway, and the load is printed. */
export async function untilQuiet(patienceS: number, say: (line: string) => void): Promise<void> {
  const deadline = performance.now() + patienceS * 1000;
  if (load() >= quietLoad && patienceS > 0) say(`load ${load()}: waiting for less than ${quietLoad}`);
  while (load() >= quietLoad && performance.now() < deadline) await pause(1000);
}

function commit(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8", stdio: "pipe" }).trim();
  try {
    return (
      git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "--", "../src") === "" ? "" : "+")
    );
  } catch {
    return "unknown";
  }
}
