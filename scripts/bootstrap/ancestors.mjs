import { readFileSync } from "node:fs";

/** How often the ancestors are looked at, ms. Everything must be gone within 2 s of npm's death. */
const pollMs = 200;
const shells = new Set(["sh", "dash", "bash", "ash", "busybox", "zsh", "ksh"]);

/**
 * Calls `gone` once when the process that runs us dies. Under npm that may be a shell which npm started and which
 * outlives it, so the shell's own parent is watched too. Only Linux shows a grandparent; elsewhere the parent must do.
 */
export function watchAncestors(gone) {
  const parent = process.ppid;
  const shell = process.env.npm_lifecycle_event === undefined ? undefined : statOf(parent);
  const grandparent = shell !== undefined && shells.has(shell.name) ? shell.parent : undefined;
  const timer = setInterval(() => {
    const orphaned = process.ppid !== parent;
    const shellOrphaned = grandparent !== undefined && statOf(parent)?.parent !== grandparent;
    if (!orphaned && !shellOrphaned) return;
    clearInterval(timer);
    gone();
  }, pollMs);
  timer.unref();
}

/** Name and parent of a process, from /proc; undefined where there is none. */
function statOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in brackets and may itself hold brackets and spaces.
    const nameEnd = stat.lastIndexOf(")");
    const [, parent] = stat.slice(nameEnd + 2).split(" ");
    return { name: stat.slice(stat.indexOf("(") + 1, nameEnd), parent: Number(parent) };
  } catch {
    return undefined;
  }
}
