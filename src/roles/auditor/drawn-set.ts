import type { Address } from "../../domain/ids.ts";
import type { CommitSet, Hex32 } from "../../domain/verification/committee.ts";
import { epochBlockOf } from "../../domain/verification/epoch.ts";
import { type Draw, seated } from "../../domain/verification/sortition.ts";
import type { Beacons } from "../../ports.ts";

/** What the chain says of a committee that claims to be drawn. */
export interface DrawnSet {
  /** Decides the positions. */
  readonly positions: { readonly block: number; readonly beacon: Hex32 };
  /** Drew the members, Unix ms. */
  readonly epoch: { readonly beacon: Hex32; readonly at: number };
  /** Members who have no seat by it. */
  readonly strangers: readonly Address[];
}

/**
 * Looks a set's committee up: its beacons, and each member's seat by what it had at stake before them. Undefined while
 * the chain does not have them, and for a set that is no drawn committee's.
 */
export async function lookUpDrawn(
  beacons: Beacons,
  { committee, executor, witnesses }: Pick<CommitSet, "committee" | "executor" | "witnesses">,
  drawBy: (beacon: Hex32) => Draw,
): Promise<DrawnSet | undefined> {
  if (committee.kind !== "drawn") return undefined;
  const { epoch, block } = committee;
  if (epoch === 0 || epoch !== epochBlockOf(epoch) || block <= epoch) return undefined;
  const [first, last] = await Promise.all([beacons.block(epoch), beacons.block(block)]);
  if (first === undefined || last === undefined) return undefined;
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
  return {
    positions: { block, beacon: last.hash },
    epoch: { beacon: first.hash, at: first.at },
    strangers: members.filter((node) => !seats.includes(node)),
  };
}
