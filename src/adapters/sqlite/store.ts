import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Store } from "../../ports.ts";
import { HoldfastError, type HoldfastErrorOptions } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";

export interface StoreOptions {
  readonly path: string;
  /** Largest size of the file, bytes. */
  readonly bytesMax?: number;
}

/**
 * A node's small durable facts in one SQLite file. One process has it open at a time: the operating system's lock on
 * the file is what makes a home folder belong to one running node, and it goes away with the process however it ends.
 *
 * Throws HoldfastError `home-in-use`, `disk-full`, `store-corrupt` or `store-unusable` (fault environment), here and
 * from every method.
 */
export function openStore(options: StoreOptions): Store {
  const guard = <T>(run: () => T): T => {
    try {
      return run();
    } catch (cause) {
      throw explain(cause, options.path);
    }
  };
  const { database, get, put, range, remove } = guard(() => open(options));
  return {
    get: (key) => guard(() => get.get(key)?.["value"] as string | undefined),
    put: (key, value) => guard(() => void put.run(key, value)),
    entries: (prefix) =>
      guard(() => range.all(prefix, prefix).map((row) => [row["key"] as string, row["value"] as string])),
    delete: (key) => guard(() => void remove.run(key)),
    close: () => guard(() => database.close()),
  };
}

const pageBytes = 4096;

function open({ path, bytesMax = limits.storeBytesMax }: StoreOptions) {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  try {
    // In this order: with an exclusive lock, WAL needs no shared memory file beside it.
    database.exec("PRAGMA locking_mode = EXCLUSIVE");
    database.exec(`PRAGMA page_size = ${pageBytes}`);
    database.exec("PRAGMA journal_mode = WAL");
    // FULL: what `put` has returned from survives a power cut, not only a crash.
    database.exec("PRAGMA synchronous = FULL");
    database.exec(`PRAGMA max_page_count = ${Math.max(1, Math.floor(bytesMax / pageBytes))}`);
    database.exec(
      "CREATE TABLE IF NOT EXISTS facts (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT",
    );
    // The lock is taken by the first write.
    database.exec("PRAGMA user_version = 1");
    const [check] = database.prepare("PRAGMA quick_check(1)").all();
    if (check?.["quick_check"] !== "ok") throw Object.assign(new Error("quick_check"), { errcode: 11 });
    return {
      database,
      get: database.prepare("SELECT value FROM facts WHERE key = ?"),
      put: database.prepare(
        "INSERT INTO facts VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
      ),
      range: database.prepare(
        "SELECT key, value FROM facts WHERE substr(key, 1, length(?)) = ? ORDER BY key",
      ),
      remove: database.prepare("DELETE FROM facts WHERE key = ?"),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLite's result codes (https://www.sqlite.org/rescode.html) that have a cause a person can do something about. */
const causes: Readonly<
  Record<number, [message: string, options: Pick<HoldfastErrorOptions, "code" | "remedy">]>
> = {
  5: [
    "Another process is using this home folder.",
    {
      code: "home-in-use",
      remedy: "Stop it first (`holdfast status --home DIR` shows its pid), or name another --home.",
    },
  ],
  11: [
    "The node's state file is damaged.",
    {
      code: "store-corrupt",
      remedy: "Move the file away and start again: keys and models are kept elsewhere.",
    },
  ],
  13: [
    "The disk (or the space allowed for the node's state) is full.",
    { code: "disk-full", remedy: "Free some space and start again; what was stored before is intact." },
  ],
};

function explain(cause: unknown, file: string): HoldfastError {
  if (cause instanceof HoldfastError) return cause;
  const { errcode, code } = cause as { errcode?: number; code?: string };
  // The low byte is the primary code; 26 is "not a database", which a person meets as the same damage.
  const primary = code === "ENOSPC" ? 13 : (errcode ?? 0) % 256;
  const [message, options] = causes[primary === 26 ? 11 : primary] ?? [
    "The node's state file cannot be used.",
    {
      code: "store-unusable",
      remedy: "Check that the folder exists, is writable, and lies on a working disk.",
    },
  ];
  const facts: Record<string, string> = { file };
  if (cause instanceof Error) facts["reason"] = cause.message;
  return new HoldfastError(message, { ...options, fault: "environment", facts, cause });
}
