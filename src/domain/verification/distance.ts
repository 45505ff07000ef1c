import { type Leaf, leafStep } from "./leaf.ts";

/** Distances are cut here, logits: one odd position must not speak for a whole answer. */
export const distanceMax = 1;

/**
 * How far two nodes' logits lie apart at one position, in logits, from 0 to `distanceMax`; the same both ways.
 *
 * Over the tokens that both list: mean |(a − mean a) − (b − mean b)|, centred because a common shift means nothing.
 * A token that only one lists is, by the other's word, not above the last it lists: what it lies above that counts as
 * difference. So a node that leaves out what the model found likely is as far off as if it had lied about its value,
 * while honest lists that differ only in their last place are hardly apart at all.
 */
export function leafDistance(a: Leaf, b: Leaf): number {
  // One model has one vocabulary. A shorter list is a way to say nothing: it would be near whatever it leaves open.
  if (a.ids.length !== b.ids.length) return distanceMax;
  const ofA = new Map(a.ids.map((id, at) => [id, -leafStep * a.steps[at]!]));
  const ofB = new Map(b.ids.map((id, at) => [id, -leafStep * b.steps[at]!]));
  const both = a.ids.filter((id) => ofB.has(id));
  if (both.length === 0) return distanceMax;
  const shift = both.reduce((sum, id) => sum + ofA.get(id)! - ofB.get(id)!, 0) / both.length;
  let sum = 0;
  for (const id of both) sum += Math.abs(ofA.get(id)! - ofB.get(id)! - shift);
  const floorA = -leafStep * a.steps.at(-1)!;
  const floorB = -leafStep * b.steps.at(-1)!;
  for (const [id, logit] of ofA) if (!ofB.has(id)) sum += Math.max(0, logit - floorB - shift);
  for (const [id, logit] of ofB) if (!ofA.has(id)) sum += Math.max(0, logit - floorA + shift);
  return Math.min(sum / (ofA.size + ofB.size - both.length), distanceMax);
}

/** Mean over positions; the lists are of the same positions. 0 for none. */
export function meanDistance(a: readonly Leaf[], b: readonly Leaf[]): number {
  if (a.length !== b.length) throw new RangeError("leaves of different positions");
  return a.length === 0 ? 0 : a.reduce((sum, leaf, at) => sum + leafDistance(leaf, b[at]!), 0) / a.length;
}
