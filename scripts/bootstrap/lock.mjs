import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const pollMs = 500;

/**
 * Takes the lock file at `file` and returns what gives it back. Waits while a living process holds it; a lock whose
 * holder is gone is put aside by renaming, which only one of several contenders can do.
 */
export async function takeLock(file, { waiting }) {
  mkdirSync(path.dirname(file), { recursive: true });
  let told = false;
  for (;;) {
    if (claim(file)) return () => rmSync(file, { force: true });
    const holder = readHolder(file);
    if (holder !== undefined && !isAlive(holder)) putAside(file, holder);
    else {
      if (!told && holder !== undefined) waiting(holder.pid);
      told ||= holder !== undefined;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}

/** Written aside and linked into place, so that a lock never exists without its holder's name in it. */
function claim(file) {
  const mine = `${file}.${process.pid}.new`;
  writeFileSync(mine, JSON.stringify({ pid: process.pid, started: startOf(process.pid) }));
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Undefined: gone meanwhile, or not ours to read. What holds no name was damaged, and has no living holder. */
function readHolder(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")) ?? {};
  } catch (error) {
    return error instanceof SyntaxError ? {} : undefined;
  }
}

function putAside(file, stale) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return;
  }
  const taken = readHolder(aside);
  // Someone else may have put the stale one aside and taken the lock between our look and our rename.
  if (taken !== undefined && (taken.pid !== stale.pid || taken.started !== stale.started))
    renameSync(aside, file);
  else rmSync(aside, { force: true });
}

function isAlive({ pid, started }) {
  if (!Number.isInteger(pid)) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code === "ESRCH") return false;
  }
  return started === undefined || startOf(pid) === started;
}

/** When the process began, in the kernel's ticks: tells a process from a later one with the same number. */
function startOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
