import { exitCode, type Fault, HoldfastError } from "../protocol/errors.ts";
import { fileFault } from "./file-fault.ts";

let over = false;
/** By fault, and for an end that was asked for. */
let codes: Readonly<Record<Fault | "asked", number>> = { ...exitCode, asked: 0 };

/** Exit codes of a command that comes to a verdict. */
export const verdictCode = { valid: 0, invalid: 1, inconclusive: 2 } as const;

/** 0, 1 and 2 are the verdicts of this command: it ends with another code where it comes to none. */
export function exitByVerdict(): void {
  codes = { ...exitCode, user: 3, holdfast: 3, asked: 3 };
}

/** Exit code of this command for how it ends. */
export function codeOf(end: Fault | "asked"): number {
  return codes[end];
}

/**
 * Ends the process over an error: its explanation on standard error (with the stack only when HOLDFAST_DEBUG is set),
 * and the exit code of whose fault it is. A child of `holdfast up` also tells it on standard output, for its parent.
 */
export function fail(error: unknown): void {
  // A second error while ending over the first has nothing to add.
  if (over) return;
  over = true;
  // Commander has already said what is wrong with the command line; help and version are no errors.
  if (isCommander(error)) return leave(error.exitCode === 0 ? 0 : codes.user);
  const known = error instanceof HoldfastError ? error : unexpected(error);
  process.stderr.write(`${known.explain()}\n`);
  if (process.env["HOLDFAST_DEBUG"]) process.stderr.write(`${stackOf(error)}\n`);
  if (process.env["HOLDFAST_CHILD"] !== undefined) {
    const { message, code, fault, remedy, facts } = known;
    process.stdout.write(`${JSON.stringify({ error: { message, code, fault, remedy, facts } })}\n`);
  }
  leave(codes[known.fault]);
}

/** The process ends as it was asked to: what fails from here on fails because of that, and is not told. */
export function endAsAsked(): void {
  over = true;
}

/** Exits once what was written has left; a pipe's reader must not lose the explanation. */
function leave(code: number): void {
  process.exitCode = code;
  process.stderr.write("", () => process.stdout.write("", () => process.exit(code)));
}

function unexpected(error: unknown): HoldfastError {
  const ofFiles = fileFault(error);
  if (ofFiles !== undefined) return ofFiles;
  return new HoldfastError(error instanceof Error ? error.message : String(error), {
    code: "unexpected",
    fault: "holdfast",
    remedy: "This is a fault in Holdfast; run it again with HOLDFAST_DEBUG=1 to see where.",
    cause: error,
  });
}

function isCommander(error: unknown): error is { code: string; exitCode: number } {
  return error instanceof Error && "code" in error && String(error.code).startsWith("commander.");
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined
    ? (error.stack ?? "")
    : `${error.stack}\ncaused by ${stackOf(error.cause)}`;
}
