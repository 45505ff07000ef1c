import type { TokenId } from "../ids.ts";
import type { Sampling } from "../inference/spec.ts";
import { type Leaf, leafCandidates, leafTokens } from "./leaf.ts";
import { edgeSlack, edgesOf } from "./margin.ts";
import { gumbel } from "./sampler.ts";

/**
 * The least that the margin of a token can have been for the node that saw this leaf, in logits: what it shows
 * contradicts its token by so much, whatever the logits were that a leaf does not hold. 0 says nothing.
 *
 * "The best" is taken over those of the eight that were surely allowed; a token that is not among them lay no higher
 * than the last. Under a schema nobody can say without the model's vocabulary which of the eight were allowed.
 */
export function leafMargin(leaf: Leaf, id: TokenId, sampling: Sampling, position: number): number {
  if (sampling.schema !== undefined) return 0;
  const candidates = leafCandidates(leaf);
  const claimed = candidates.find((each) => each.id === id)?.logit ?? candidates.at(-1)!.logit;
  const { temperature, seed } = sampling;
  if (temperature === 0) return -claimed;
  const noise = gumbel(seed, position);
  // The eight as if they were all: what lies above a token is then overestimated, and fewer are surely allowed. And as
  // if they were the whole list of candidates, whose own end is an edge as well.
  const end =
    candidates.length < leafTokens ? Number.NEGATIVE_INFINITY : candidates.at(-1)!.logit + edgeSlack;
  const sureFrom = Math.max(edgesOf(candidates, sampling, Number.NEGATIVE_INFINITY).sureFrom, end);
  let best = Number.NEGATIVE_INFINITY;
  for (const { id: each, logit } of candidates) {
    if (logit < sureFrom) break;
    best = Math.max(best, logit / temperature + noise(each));
  }
  return Math.max(0, temperature * (best - claimed / temperature - noise(id)));
}
