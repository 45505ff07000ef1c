import { readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Children, createChildren } from "../src/adapters/process/children.ts";
import { familyOf, survivors } from "../test/rigs/command.ts";

/** What must not outlive the bench: every process it started, and the folders they worked in. */
const folders = new Set<string>();
const releases: Array<() => void> = [];
let keeper: Children | undefined;

/** Removed when the bench is interrupted; who ends in order removes its own. */
export function mayLeave(folder: string): void {
  folders.add(folder);
}

/** Ended even when the bench is killed outright: a guard process sees to it. */
export function guarded(pid: number): void {
  keeper ??= createChildren();
  releases.push(keeper.guard(pid));
}

/** Runs a bench to its end, however that comes about: what failed is told, and nothing it started is left behind. */
export async function runToEnd(work: () => Promise<void>): Promise<void> {
  const ending = endOnSignals();
  try {
    await work();
  } catch (error) {
    const isUsage =
      error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
    if (isUsage) console.error(`${error.message.split(". ")[0]}. Run it with --help to see what there is.`);
    else if (!ending.aborted) console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    process.exitCode = isUsage ? 2 : 1;
  }
  // On a signal, who took it ends us.
  if (ending.aborted) return;
  await endAll();
  process.exit();
}

/** Ends all descendants: asked first, killed after a moment. */
async function endAll(): Promise<void> {
  // Ended by us and in order; a guard with nothing to do goes first.
  for (const release of releases) release();
  await keeper?.stop();
  const family = familyOf(process.pid).filter(({ pid }) => pid !== process.pid);
  for (const { pid } of family) noteHome(pid);
  for (const { pid } of survivors(family)) send(pid, "SIGTERM");
  for (let waited = 0; waited < 20 && survivors(family).length > 0; waited += 1) await pause(50);
  for (const { pid } of survivors(family)) send(pid, "SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

/** A network that was still starting has a folder that nobody was told of yet. */
function noteHome(pid: number): void {
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    const home = args.includes("up") ? args[args.indexOf("--home") + 1] : undefined;
    if (home?.startsWith(join(tmpdir(), "holdfast-"))) mayLeave(home);
  } catch {
    // It ended meanwhile.
  }
}

/**
 * Ctrl-C and its like: nothing is left behind, and the exit code says how it ended. Returns a signal for whoever
 * would otherwise report the errors that ending brings about.
 */
function endOnSignals(): AbortSignal {
  const ending = new AbortController();
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const) {
    process.on(signal, () => {
      if (ending.signal.aborted) return;
      ending.abort();
      endAll().finally(() => process.exit(code));
    });
  }
  return ending.signal;
}

function send(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended meanwhile.
  }
}
