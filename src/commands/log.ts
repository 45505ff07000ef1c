import { createLog } from "../adapters/system/log.ts";
import type { Log } from "../ports.ts";
import type { Settings } from "./settings.ts";

/** A command's log on standard error: lines for a person on a terminal, JSON for whatever else reads it. */
export function commandLog(settings: Pick<Settings, "logLevel">): Log {
  return createLog({
    level: settings.logLevel ?? (process.stderr.isTTY ? "warn" : "info"),
    format: process.stderr.isTTY ? "text" : "json",
  });
}
