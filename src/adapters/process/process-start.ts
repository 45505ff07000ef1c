import { readFileSync } from "node:fs";

/**
 * When a process began, in the kernel's ticks since boot: with the pid it names one process for good, since pids are
 * used again. Undefined when there is no such process, or no /proc to ask.
 */
export function processStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // A zombie has ended; only its parent has not asked yet.
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Is this very process still there (stopped ones included)? Without `start`, any process of that number will do. */
export function isAlive(pid: number, start: string | undefined): boolean {
  if (start !== undefined) return processStart(pid) === start;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
