import type { Address } from "../../domain/ids.ts";
import type { CommitSet, Hex32 } from "../../domain/verification/committee.ts";
import { epochBlockOf } from "../../domain/verification/epoch.ts";
import { type Draw, seated } from "../../domain/verification/sortition.ts";
import type { Beacons } from "../../ports.ts";

/** What the chain says of a committee that claims to be drawn, before the block is there that decides the positions. */
export interface DrawnSeats {
  /** Hash of the block that drew. */
  readonly beacon: Hex32;
  /** Members who have no seat by it: all of them where it came at a time when it could not draw. */
  readonly strangers: readonly Address[];
}

/** And when it is there. */
export interface DrawnSet extends DrawnSeats {
  /** Decides the positions. */
  readonly positions: { readonly block: number; readonly beacon: Hex32 };
}

type Drawn = Pick<CommitSet, "committee" | "executor" | "witnesses">;

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
  set: Drawn,
  drawBy: (beacon: Hex32) => Draw,
  window: DrawWindow = whenever,
): Promise<DrawnSet | undefined> {
  const { committee } = set;
  if (committee.kind !== "drawn") return undefined;
  const { block } = committee;
  const [seats, last] = await Promise.all([lookUpSeats(beacons, set, drawBy, window), beacons.block(block)]);
  return seats && last && { ...seats, positions: { block, beacon: last.hash } };
}

/** The part of it that is known before the positions' block is there. */
export async function lookUpSeats(
  beacons: Beacons,
  { committee, executor, witnesses }: Drawn,
  drawBy: (beacon: Hex32) => Draw,
  { after, until = Number.POSITIVE_INFINITY, at }: DrawWindow = whenever,
): Promise<DrawnSeats | undefined> {
  if (committee.kind !== "drawn" || !isDrawable({ committee }, at)) return undefined;
  const { epoch } = committee;
  const first = await beacons.block(epoch);
  if (first === undefined) return undefined;
  if (first.at <= after || first.at > until)
    return { beacon: first.hash, strangers: [executor, ...witnesses].map(({ node }) => node) };
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
  return { beacon: first.hash, strangers: members.filter((node) => !seats.includes(node)) };
}
