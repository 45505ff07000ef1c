import type { Hex32 } from "../../domain/verification/committee.ts";
import type { Beacons, Clock } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";

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
    await pause(clock, pollMs, signal);
  }
  return undefined;
}

/** What is done about a block that was named: told of it, and each time that it was looked for and was not there. */
export interface Named {
  readonly name: (block: number) => void;
  readonly notYet?: () => void;
}

/**
 * Names the first block of which nobody has heard yet, nor anybody whose chain is one ahead of ours, nor will have before
 * its name has reached all; resolves once it is there, with undefined when the chain is away, or the block does not come in
 * so long, ms.
 */
export async function nextBeacon(
  { beacons, clock }: { readonly beacons: Beacons; readonly clock: Clock },
  msMax: number,
  signal: AbortSignal,
  { name, notYet }: Named,
): Promise<{ readonly block: number; readonly beacon: Hex32 } | undefined> {
  const head = await beacons.head();
  if (head === undefined) return undefined;
  const block = head + (await aheadOf(beacons, head));
  if (signal.aborted) return undefined;
  name(block);
  const found = await awaitBeacon(clock, msMax, signal, async () => {
    const there = await beacons.block(block);
    if (there === undefined) notYet?.();
    return there;
  });
  return found && { block, beacon: found.hash };
}

/** Two blocks, or as many as a quick chain makes while something is told to everybody. */
async function aheadOf(beacons: Beacons, head: number): Promise<number> {
  const [newest, before] = await Promise.all([
    beacons.block(head),
    beacons.block(Math.max(0, head - blocksTimed)),
  ]);
  const blockMs = newest && before ? (newest.at - before.at) / blocksTimed : leadMs;
  const quick = Math.ceil(leadMs / Math.max(blockMs, 1));
  return Math.max(2, Math.min(quick + 1, limits.closeAheadMax / 2));
}

/** In which what is named reaches everybody. */
const leadMs = 2_500;

/** Their stamps are whole seconds: of fewer, a quick chain's would all be the same. */
const blocksTimed = 32;

/** Resolves after so long, ms, or once it is aborted. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(ms, resolve);
  const stop = () => {
    cancel();
    resolve();
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  return promise.finally(() => signal.removeEventListener("abort", stop));
}
