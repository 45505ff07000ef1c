import type { Address } from "../../domain/ids.ts";
import type { CommitSet, Hex32 } from "../../domain/verification/committee.ts";
import { epochBlockOf } from "../../domain/verification/epoch.ts";
import { type Draw, seated } from "../../domain/verification/sortition.ts";
import type { Beacons } from "../../ports.ts";

/** What the chain says of a committee that claims to be drawn. */
export interface DrawnSet {
  /** Decides the positions. */
  readonly positions: { readonly block: number; readonly beacon: Hex32 };
  /** Hash of the block that drew. */
  readonly beacon: Hex32;
  /** Members who have no seat by it: all of them where it came at a time when it could not draw. */
  readonly strangers: readonly Address[];
}

/** When the beacon must have come that draws, Unix ms: after what is judged was fixed, and while somebody can be held to it. */
export interface DrawWindow {
  readonly after: number;
  readonly until?: number;
  /** The one block that could draw; absent: the first of any epoch. */
  readonly at?: number;
}

/** For who cannot know when that was. */
export const whenever: DrawWindow = { after: Number.NEGATIVE_INFINITY };

/** Could this be a drawn committee's at all, whatever the chain says? `at`: the block that had to draw it. */
export function isDrawable({ committee }: Pick<CommitSet, "committee">, at?: number): boolean {
  if (committee.kind !== "drawn") return false;
  const { epoch, block } = committee;
  return epoch > 0 && epoch === (at ?? epochBlockOf(epoch)) && block > epoch;
}

/**
 * Looks a set's committee up: its beacons, and each member's seat by what it had at stake before them. Undefined while
 * the chain does not have them, and for a set that is no drawn committee's.
 */
export async function lookUpDrawn(
  beacons: Beacons,
  { committee, executor, witnesses }: Pick<CommitSet, "committee" | "executor" | "witnesses">,
  drawBy: (beacon: Hex32) => Draw,
  { after, until = Number.POSITIVE_INFINITY, at }: DrawWindow = whenever,
): Promise<DrawnSet | undefined> {
  if (committee.kind !== "drawn" || !isDrawable({ committee }, at)) return undefined;
  const { epoch, block } = committee;
  const [first, last] = await Promise.all([beacons.block(epoch), beacons.block(block)]);
  if (first === undefined || last === undefined) return undefined;
  const positions = { block, beacon: last.hash };
  if (first.at <= after || first.at > until)
    return { positions, beacon: first.hash, strangers: [executor, ...witnesses].map(({ node }) => node) };
  const draw = drawBy(first.hash);
  const judged = draw.excluded.map((node) => node.toLowerCase());
  const members = [executor, ...witnesses]
    .map(({ node }) => node)
    .filter((node) => !judged.includes(node.toLowerCase()));
  const nodes = [...members, ...draw.excluded];
  const weights = await beacons.weights(nodes, epoch - 1);
  if (weights === undefined) return undefined;
  const staked = nodes.map((node, at) => ({ node, stake: weights.stakes[at] ?? 0n }));
  const seats = seated(draw, staked, weights.total);
  return { positions, beacon: first.hash, strangers: members.filter((node) => !seats.includes(node)) };
}
