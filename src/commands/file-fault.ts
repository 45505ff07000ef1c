import { HoldfastError } from "../protocol/errors.ts";

/**
 * What a file system refused, as an error of this machine's with the path and what to do about it; nothing when the error
 * is no such refusal, as that of a socket with the same code.
 */
export function fileFault(error: unknown): HoldfastError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code = "", syscall = "", path } = error as NodeJS.ErrnoException;
  const known = refusals[code];
  if (known === undefined || notOfFiles.has(syscall)) return undefined;
  const [message, name, remedy] = known;
  return new HoldfastError(message, {
    ...{ code: name, fault: "environment", remedy, cause: error },
    facts: { ...(path === undefined ? {} : { path }), reason: error.message },
  });
}

/** Calls that answer with the same codes and say nothing of a file. */
const notOfFiles = new Set(["listen", "bind", "connect", "kill", "setpriority"]);

const elsewhere = "or name another folder with --home (or HOLDFAST_HOME).";
const full = [
  "The disk (or this user's share of it) is full.",
  "disk-full",
  "Free some space and start again, or name a folder on another disk with --home.",
] as const;
const forbidden = [
  "This user may not use a file or folder that is needed.",
  "file-forbidden",
  `Make it this user's to read and write, ${elsewhere}`,
] as const;
const misplaced = ["A path that is needed leads to something else.", "path-unusable"] as const;

type Known = readonly [message: string, code: string, remedy: string];

const refusals: Readonly<Record<string, Known>> = {
  ENOSPC: full,
  EDQUOT: full,
  EACCES: forbidden,
  EPERM: forbidden,
  EROFS: ["The disk is read-only.", "disk-read-only", `Mount it writable, ${elsewhere}`],
  ENOTDIR: [...misplaced, `Part of the path is a file where a folder is needed: move it, ${elsewhere}`],
  EISDIR: [...misplaced, `It is a folder where a file is needed: move it, ${elsewhere}`],
  ELOOP: [...misplaced, `Its symbolic links lead in a circle: mend them, ${elsewhere}`],
  ENAMETOOLONG: ["A path that is needed is too long.", "path-unusable", `Shorten it, ${elsewhere}`],
};
