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
  const inB = a.ids.map((id) => b.ids.indexOf(id));
  const apart = inB.flatMap((other, at) => (other < 0 ? [] : [logitAt(a, at) - logitAt(b, other)]));
  if (apart.length === 0) return distanceMax;
  const shift = apart.reduce((sum, difference) => sum + difference, 0) / apart.length;
  let sum = 0;
  for (const difference of apart) sum += Math.abs(difference - shift);
  const last = a.ids.length - 1;
  for (const [at, other] of inB.entries())
    if (other < 0) sum += Math.max(0, logitAt(a, at) - logitAt(b, last) - shift);
  for (const [at, id] of b.ids.entries())
    if (!a.ids.includes(id)) sum += Math.max(0, logitAt(b, at) - logitAt(a, last) + shift);
  return Math.min(sum / (2 * a.ids.length - apart.length), distanceMax);
}

/** Mean over positions; the lists are of the same positions. 0 for none. */
export function meanDistance(a: readonly Leaf[], b: readonly Leaf[]): number {
  if (a.length !== b.length) throw new RangeError("leaves of different positions");
  return a.length === 0 ? 0 : a.reduce((sum, leaf, at) => sum + leafDistance(leaf, b[at]!), 0) / a.length;
}

/** Below its largest. */
function logitAt({ steps }: Leaf, at: number): number {
  return -leafStep * steps[at]!;
}
