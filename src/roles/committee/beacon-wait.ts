import type { Clock } from "../../ports.ts";

const pollMs = 500;

/** Asks the chain again and again until it has what is looked for: for so long, ms, and while somebody wants to know. */
export async function awaitBeacon<T>(
  clock: Clock,
  msMax: number,
  signal: AbortSignal,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  for (let waited = 0; waited < msMax && !signal.aborted; waited += pollMs) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(clock, signal);
  }
  return undefined;
}

function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(pollMs, resolve);
  const stop = () => {
    cancel();
    resolve();
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  return promise.finally(() => signal.removeEventListener("abort", stop));
}
