import type { Seen } from "../application.ts";

/** Exactly one end: a finish with [DONE], or an explicit error without it. Nothing after either. */
export function checkOneEnd({ finish, error, done, ends, late }: Seen): string | undefined {
  if (ends !== 1) return `${ends} ends`;
  if (late > 0) return `${late} writes after the end`;
  if (error !== undefined && (done || finish !== undefined)) return "an error and a finish";
  if (error === undefined && (!done || finish === undefined))
    return "an end that says neither finish nor error";
  return undefined;
}
