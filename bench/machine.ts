import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
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

/** CPU time since the machine started: of everything, and of this process and its ended descendants; seconds. */
export interface CpuSpent {
  readonly at: number;
  readonly all: number;
  readonly own: number;
}

/** The kernel counts in hundredths of a second for whoever reads /proc. */
const ticksPerS = 100;

export function cpuSpent(): CpuSpent {
  const sum = (fields: readonly string[]) =>
    fields.reduce((total, field) => total + Number(field), 0) / ticksPerS;
  // user nice system idle iowait irq softirq (proc_pid_stat(5), proc_stat(5)); idle and waiting are not spent.
  const [user, nice, system, , , irq, softirq] = readFileSync("/proc/stat", "utf8").split(/\s+/).slice(1);
  const stat = readFileSync("/proc/self/stat", "utf8");
  const own = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(11, 15);
  return { at: performance.now(), all: sum([user!, nice!, system!, irq!, softirq!]), own: sum(own) };
}

/** Share of the machine that processes other than the bench's used since then, %; once its own have ended. */
export function othersSince(before: CpuSpent): number {
  const now = cpuSpent();
  const others = now.all - before.all - (now.own - before.own);
  return Math.max(0, (100_000 * others) / (now.at - before.at) / availableParallelism());
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
