import type { Hex32 } from "../../domain/verification/committee.ts";
import type { Beacons, Clock } from "../../ports.ts";

const pollMs = 500;

/** Asks the chain again and again until it has what is looked for: for so long, ms, and while somebody wants to know. */
export async function awaitBeacon<T>(
  clock: Clock,
  msMax: number,
  signal: AbortSignal,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const until = clock.now() + msMax;
  while (clock.now() < until && !signal.aborted) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(clock, signal);
  }
  return undefined;
}

/**
 * The first block of which nobody has heard yet, once it is there, nor anybody whose chain is one ahead of ours;
 * undefined when none comes in so long, ms.
 */
export async function nextBeacon(
  { beacons, clock }: { readonly beacons: Beacons; readonly clock: Clock },
  msMax: number,
  signal: AbortSignal,
): Promise<{ readonly block: number; readonly beacon: Hex32 } | undefined> {
  const head = await beacons.head();
  if (head === undefined) return undefined;
  const block = head + 2;
  const found = await awaitBeacon(clock, msMax, signal, () => beacons.block(block));
  return found && { block, beacon: found.hash };
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
