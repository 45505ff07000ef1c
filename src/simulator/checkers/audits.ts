import type { JobId } from "../../domain/ids.ts";
import { readReceipt } from "../../protocol/receipt.ts";
import { readUnwatched } from "../../protocol/unwatched.ts";
import type { World } from "../world.ts";

/**
 * Everybody is well: of the answers that an epoch drew none is left that no audit settled, also where the first one was
 * interrupted. But for those whose executor could not write down what it sealed: who cannot open is known by that.
 */
export function checkAudits(world: World): string[] {
  const sealed = sealedIn(world);
  return world.gateways.flatMap(({ name, disk }) => {
    const left = [...disk.contents("unwatched")].filter(
      ([job, text]) => sealed.has(job) && wasDrawn(readUnwatched(text)),
    );
    return left.length === 0
      ? []
      : [`${left.length} unwatched answers of ${name} were drawn and not settled`];
  });
}

/** None is let go that nobody audited; and every epoch draws all, so none of before the first is left that none drew. */
export function checkDrawn(world: World, firstEpochAt: number): string[] {
  const sealed = sealedIn(world);
  const { now, clock } = world.timeline;
  const first = clock().wall() - now() + firstEpochAt;
  return world.gateways.flatMap(({ name, disk }) =>
    [...disk.contents("receipts")].flatMap(([job, text]) => {
      const receipt = readReceipt(text);
      const isAudited = "complaint" in receipt || receipt.proof.openings.length > 0;
      if (isAudited || !sealed.has(job)) return [];
      const kept = readUnwatched(disk.contents("unwatched").get(job) ?? "");
      if (kept === undefined) return [`${name} let ${job.slice(0, 8)} go without an audit`];
      return kept.at < first && !wasDrawn(kept) ? [`${job.slice(0, 8)} of ${name} was never drawn`] : [];
    }),
  );
}

function wasDrawn(kept: ReturnType<typeof readUnwatched>): boolean {
  return kept === undefined || [kept.due, kept.held, kept.from].some((each) => each !== undefined);
}

/** Jobs of which some node can still open what it sealed. */
function sealedIn({ nodes }: World): ReadonlySet<JobId> {
  return new Set(nodes.flatMap(({ disk }) => [...disk.contents("sealed").keys()]));
}
