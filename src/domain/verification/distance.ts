import { type Leaf, leafStep } from "./leaf.ts";

/** Distances are cut here, logits. */
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

/** One position says no more than this, noises: of dozens, one that is odd must not speak for all. */
export const relativeDistanceMax = 6;

/**
 * The same in noises, from 0 to `relativeDistanceMax`: how far honest machines lie apart at such a position. That grows with
 * how widely the eight logits are spread. The narrower of the two lists tells, so that nobody looks nearer by showing a
 * wide one.
 */
export function relativeDistance(a: Leaf, b: Leaf): number {
  const distance = leafDistance(a, b);
  if (distance === distanceMax) return relativeDistanceMax;
  const spread = Math.min(spreadOf(a), spreadOf(b));
  return Math.min(distance / (noiseLeast + noisePerSpread * spread), relativeDistanceMax);
}

/**
 * Logits, and logits for each logit of spread, as honest answers of SmolLM2-135M were found to differ. They weigh
 * positions against one another; what is too much is calibrated for each model and pair of profiles. Where honest
 * machines differ by several such noises, nothing is told apart from a lie any more, and no bounds are fitted.
 */
const noiseLeast = 0.06;
const noisePerSpread = 0.0025;

/** The same at each position; the lists are of the same positions. */
export function relativeDistances(a: readonly Leaf[], b: readonly Leaf[]): number[] {
  if (a.length !== b.length) throw new RangeError("leaves of different positions");
  return a.map((leaf, at) => relativeDistance(leaf, b[at]!));
}

/**
 * How far two fingerprints lie apart: the root mean square of their relative distances, in noises. A mean would let an
 * altered prompt pass, which moves some positions far and most of them hardly at all, whereas honest noise moves all of
 * them a little.
 */
export function fingerprintDistance(a: readonly Leaf[], b: readonly Leaf[]): number {
  return rootMeanSquare(relativeDistances(a, b));
}

/** 0 for none. */
export function rootMeanSquare(distances: readonly number[]): number {
  if (distances.length === 0) return 0;
  return Math.sqrt(distances.reduce((sum, distance) => sum + distance * distance, 0) / distances.length);
}

/**
 * How far they lie apart at most positions; 0 for none. It sees what moves every position a little and none of them far,
 * such as a cache of 8 bits, where the root mean square is ruled by the few that are odd.
 */
export function geometricMean(distances: readonly number[]): number {
  if (distances.length === 0) return 0;
  const logs = distances.map((distance) => Math.log(Math.max(distance, relativeDistanceMin)));
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

/** Where two show the very same, noises: nothing must not make up for everything else. */
const relativeDistanceMin = 0.1;

/** Logits from the first to the last. */
function spreadOf(leaf: Leaf): number {
  return leafStep * leaf.steps.at(-1)!;
}

/** Below its largest. */
function logitAt({ steps }: Leaf, at: number): number {
  return -leafStep * steps[at]!;
}
