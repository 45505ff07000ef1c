import { HoldfastError } from "../protocol/errors.ts";
import { type Flags, flagOf } from "./settings.ts";

/** Values of the flags that belong to one command alone. Those that are settings are read by `settings.ts`. */

export function text(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

/** Undefined when it was not given. Throws HoldfastError `bad-option` (fault user). */
export function wholeNumber(
  flags: Flags,
  name: string,
  bounds: { readonly least: number; readonly most: number },
): number | undefined {
  const given = text(flags, name);
  if (given === undefined) return undefined;
  const value = /^\d{1,15}$/.test(given) ? Number(given) : Number.NaN;
  if (value >= bounds.least && value <= bounds.most) return value;
  throw badOption(name, given, `a whole number from ${bounds.least} to ${bounds.most}`);
}

/** `name` as the command knows it, `holdMs`; `wanted` ends the sentence "--hold-ms is …". */
export function badOption(name: string, given: string, wanted: string): HoldfastError {
  return new HoldfastError(`${flagOf(name)} is ${wanted}.`, {
    ...{ code: "bad-option", fault: "user", facts: { given } },
  });
}
