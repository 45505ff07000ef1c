import { rename, stat, unlink, utimes, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { limits } from "../../protocol/limits.ts";

/**
 * Lets one process at a time do a long piece of work that ends in a file others then find ready. The holder touches
 * its lock file every second; one that was not touched for a while belongs to a dead process and is taken over. The
 * lock only saves work: files are checked by digest and put in place by rename, so losing it corrupts nothing.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options: { readonly signal?: AbortSignal | undefined; readonly waiting?: () => void } = {},
): Promise<T> {
  while (!(await tryLock(path))) {
    options.signal?.throwIfAborted();
    options.waiting?.();
    if (await isStale(path)) await takeAway(path);
    else await sleep(limits.fetchLockTouchMs / 4, undefined, { signal: options.signal });
  }
  const touch = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, limits.fetchLockTouchMs);
  touch.unref();
  try {
    return await work();
  } finally {
    clearInterval(touch);
    await unlink(path).catch(() => undefined);
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    // Empty: a full disk then leaves no lock behind that nobody holds.
    await writeFile(path, "", { flag: "wx" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

async function isStale(path: string): Promise<boolean> {
  const file = await stat(path).catch(() => undefined);
  return file !== undefined && Date.now() - file.mtimeMs > limits.fetchLockStaleMs;
}

async function takeAway(path: string): Promise<void> {
  const aside = `${path}.${process.pid}.stale`;
  await rename(path, aside).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
}
