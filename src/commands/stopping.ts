import { holdLifeline } from "../adapters/process/lifeline.ts";
import { codeOf, endAsAsked } from "./fail.ts";

/** Time to stop in order, ms. Longer than children are given; short of when the guard loses patience. */
const stopMsMax = 900;

export const parentGone = "parent gone";

/**
 * Runs `stop` once when the process is to end: on a signal, or because the one that started it is gone; then exits
 * with 0, since ending is what was asked for (a command that owes a verdict: 3). Returns a signal for work that should not go on. To be called early.
 */
export function onStop(stop: (why: string) => Promise<void>): AbortSignal {
  const ending = new AbortController();
  const end = (why: string): void => {
    // Ctrl-C reaches a foreground process more than once (terminal, npm, bootstrap); once is meant.
    if (ending.signal.aborted) return;
    endAsAsked();
    ending.abort();
    // Nobody is left to be orderly for: what had to last is on disk, and the others go down at this moment too.
    if (why === parentGone && process.env["HOLDFAST_CHILD"] !== undefined) process.exit(codeOf("asked"));
    setTimeout(() => process.exit(codeOf("asked")), stopMsMax);
    stop(why).then(
      () => process.exit(codeOf("asked")),
      (error) => {
        console.error(`It could not be stopped in order: ${String(error)}`);
        process.exit(codeOf("holdfast"));
      },
    );
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => end(signal));
  holdLifeline(() => end(parentGone));
  return ending.signal;
}
