import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { commitOf } from "../src/simulator/commit.ts";
import { familyOf } from "../test/rigs/command.ts";

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
    commit: commitOf(),
  };
}

/** Processes that ran or wanted to, averaged over a minute. */
export function load(): number {
  return Math.round(loadavg()[0]! * 100) / 100;
}

/** While others use no more of the machine than this, %, figures tell about us. Idle systems hum at one or two. */
export const quietPercent = 10;
const windowMs = 2000;

/** Waits until others leave the machine alone, at most `patienceS`; then measures anyway, and says how much they used. */
export async function untilQuiet(patienceS: number, say: (line: string) => void): Promise<void> {
  const deadline = performance.now() + patienceS * 1000;
  while (performance.now() < deadline) {
    const before = cpuSpent();
    await pause(windowMs);
    const others = othersSince(before);
    if (others <= quietPercent) return;
    say(`others use ${Math.round(others)} % of the machine: waiting for less than ${quietPercent}`);
  }
}

/** CPU time since the machine started: of everything, and of this process and its descendants; seconds. */
export interface CpuSpent {
  readonly at: number;
  readonly all: number;
  readonly own: number;
}

/** The kernel counts in hundredths of a second for whoever reads /proc. */
const ticksPerS = 100;

export function cpuSpent(): CpuSpent {
  // user nice system idle iowait irq softirq steal (proc_stat(5)); idle and waiting are not spent.
  // Stolen time is what the host gave to other guests: somebody used it, and it was not us.
  const [user, nice, system, , , irq, softirq, steal] = readFileSync("/proc/stat", "utf8")
    .split(/\s+/)
    .slice(1);
  const own = familyOf(process.pid).map(({ pid }) => ownTicks(pid));
  return {
    at: performance.now(),
    all: sum([user, nice, system, irq, softirq, steal]) / ticksPerS,
    own: sum(own) / ticksPerS,
  };
}

/** Share of the machine that the bench and its processes used since then, %. */
export function ownSince(before: CpuSpent): number {
  const now = cpuSpent();
  return shareOf(now.own - before.own, before, now);
}

/** Share of the machine that processes other than the bench's used since then, %. */
export function othersSince(before: CpuSpent): number {
  const now = cpuSpent();
  const others = now.all - before.all - (now.own - before.own);
  return Math.max(0, shareOf(others, before, now));
}

/** So many seconds of CPU between the two, as a share of all cores, %. */
function shareOf(seconds: number, before: CpuSpent, now: CpuSpent): number {
  return (100_000 * seconds) / (now.at - before.at) / availableParallelism();
}

/** CPU time of one process, and of those of its children that have ended; 0 when it is gone. */
export function cpuSecondsOf(pid: number): number {
  return ownTicks(pid) / ticksPerS;
}

/** What it used itself, and what those of its children did that have ended (proc_pid_stat(5), fields 14 to 17). */
function ownTicks(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return sum(
      stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .slice(11, 15),
    );
  } catch {
    return 0;
  }
}

function sum(values: ReadonlyArray<string | number | undefined>): number {
  return values.reduce<number>((total, value) => total + Number(value), 0);
}
