import { statfs } from "node:fs/promises";
import { HoldfastError } from "../../protocol/errors.ts";

/** Turns what the file system throws into an error a person can act on; anything else is passed through. */
export function diskError(error: unknown, folder: string): unknown {
  if (error instanceof HoldfastError || !(error instanceof Error) || !("code" in error)) return error;
  const code = String(error.code);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new HoldfastError("The disk is full while a model was being stored.", {
      code: "disk-full",
      fault: "environment",
      retryable: true,
      remedy:
        "Free some space and start again (what was fetched is kept), or set HOLDFAST_CACHE to another disk.",
      facts: { folder },
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EPERM" || code === "EROFS" || code === "ENOTDIR") {
    return new HoldfastError("The model cache cannot be written.", {
      code: "cache-unwritable",
      fault: "environment",
      remedy: "Make the folder writable, or set HOLDFAST_CACHE to one that is.",
      facts: { folder, reason: code },
      cause: error,
    });
  }
  return error;
}

/** Refuses before the first byte is fetched when the disk cannot hold the result. */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const disk = await statfs(folder).catch(() => undefined);
  if (disk === undefined) return;
  const free = disk.bavail * disk.bsize;
  if (free >= bytes) return;
  throw new HoldfastError("The disk has too little space for the model.", {
    code: "disk-full",
    fault: "environment",
    retryable: true,
    remedy: "Free some space, or set HOLDFAST_CACHE to a folder on another disk.",
    facts: { folder, neededBytes: bytes, freeBytes: free },
  });
}
