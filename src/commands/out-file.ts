import { accessSync, constants, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { HoldfastError } from "../protocol/errors.ts";

/**
 * Returns what writes a value as JSON to the file that a command leaves. Prompts are in such files: a new one is for this
 * user's eyes only. Looks first whether it can be written, since what goes there may take many others minutes. Both throw
 * HoldfastError `out-unwritable` (fault environment).
 */
export function openOut(file: string): (value: unknown) => void {
  attempt(file, () => {
    const facts = statSync(file, { throwIfNoEntry: false });
    if (facts?.isDirectory()) throw new Error("it is a folder");
    accessSync(facts === undefined ? dirname(file) : file, constants.W_OK);
  });
  return (value) => attempt(file, () => writeFileSync(file, `${JSON.stringify(value)}\n`, { mode: 0o600 }));
}

function attempt(file: string, write: () => void): void {
  try {
    write();
  } catch (cause) {
    throw new HoldfastError("The file to be written cannot be.", {
      ...{ code: "out-unwritable", fault: "environment", cause },
      facts: { file, reason: cause instanceof Error ? cause.message : String(cause) },
      remedy: "Name another, in a folder that is there and may be written to.",
    });
  }
}
