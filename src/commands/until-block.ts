import { setTimeout as pause } from "node:timers/promises";
import { nextEpochBlock } from "../domain/verification/epoch.ts";
import type { Beacons } from "../ports.ts";
import { HoldfastError } from "../protocol/errors.ts";

/** The block that draws in the next epoch, which nobody knows yet. Throws HoldfastError `chain-unreachable` (fault environment). */
export async function nextDraw(beacons: Beacons): Promise<number> {
  return nextEpochBlock(await headOf(beacons));
}

/** Waits for a block to be there, or for `ending`. Throws HoldfastError `chain-unreachable` (fault environment). */
export async function untilBlock(beacons: Beacons, block: number, ending: AbortSignal): Promise<void> {
  for (let told = false; !ending.aborted; ) {
    const head = await headOf(beacons);
    // Asked for, since a development chain makes the block for whoever does.
    if (head >= block || (await beacons.block(block)) !== undefined) return;
    if (!told)
      console.error(
        `Block ${block} draws; the chain is at ${head}. Ctrl-C, and run it again then, does no harm.`,
      );
    told = true;
    await pause(1_000, undefined, { signal: ending }).catch(() => {});
  }
}

async function headOf(beacons: Beacons): Promise<number> {
  const head = await beacons.head();
  if (head !== undefined) return head;
  throw new HoldfastError("The chain cannot be reached, so nobody can be drawn.", {
    ...{ code: "chain-unreachable", fault: "environment", retryable: true },
    remedy: "Check that the RPC endpoints answer.",
  });
}
