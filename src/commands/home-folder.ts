import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { HoldfastError } from "../protocol/errors.ts";

/**
 * The home folder and all above it, level by level: Node's own `recursive` never returns where a level cannot be made
 * because its file system says that it is not there (`/proc`). Throws HoldfastError `home-unusable` (fault environment).
 */
export function makeHome(home: string): void {
  try {
    make(home);
  } catch (cause) {
    throw new HoldfastError("The home folder cannot be made.", {
      ...{ code: "home-unusable", fault: "environment", facts: { folder: home, reason: String(cause) } },
      remedy: "Name another with --home, on a disk that this user may write to.",
      cause,
    });
  }
}

function make(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) make(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process was first.
    if (!existsSync(path)) throw error;
  }
}
