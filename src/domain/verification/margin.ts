import type { TokenId } from "../ids.ts";
import type { Sampling } from "../inference/spec.ts";
import { type Candidate, candidateCount, gumbel, gumbelMax, softmaxWeights } from "./sampler.ts";

/** A token somebody says the model chose. */
export interface Claim {
  readonly id: TokenId;
  /** Its logit here, for a token outside the candidates (TokenSequence.logitsOf). */
  readonly logit?: number;
}

/** Margins are cut here, logits: "not a token this model could have chosen". Finite, so that JSON can carry it. */
export const marginMax = 100;

/**
 * How far the logits of two honest machines may lie apart, logits, before we stop excusing a token at an edge (of
 * the nucleus or of the candidates). An edge is a step: the last bit of a logit decides whether a token may be
 * chosen at all, so near it a margin must not depend on which side one's own arithmetic fell. Each logit is taken to
 * be uncertain by half of this; honest differences between any two logits stayed below 0.5 in 8,890 comparisons over
 * batch shapes, CPU variants and flash attention. What a cheat gains from it is a choice among edge tokens.
 */
export const edgeSlack = 0.5;

/**
 * How far below the best the claimed token scored under the judge's own logits, in logits: temperature × score
 * difference; at temperature 0 the plain difference of logits. 0 when the judge would have chosen it too. Honest
 * machines differ in their last bits, so equality is never the test, this is.
 *
 * "The best" is taken over tokens that were surely allowed (the nucleus and the candidate list narrowed by
 * `edgeSlack`), the claimed one needs only to have been possibly allowed (widened by it); else `marginMax`.
 *
 * Under a schema `candidates` are the legal ones of the list and `end` is where that list ended; where it has no legal
 * token at all, the one candidate is the likeliest legal token there is (`Legality.among`). Whether it had one may itself be
 * a matter of the last bits: then a token may also be what a node said that saw none, and lies as far below the
 * likeliest legal one as its logit says.
 */
export function margin(
  candidates: readonly Candidate[],
  claim: Claim,
  sampling: Sampling,
  position: number,
  end: number = endOf(candidates),
): number {
  const logit = candidates.find(({ id }) => id === claim.id)?.logit ?? claim.logit;
  const first = candidates[0];
  if (logit === undefined || first === undefined || !Number.isFinite(logit)) return marginMax;
  const { temperature } = sampling;
  if (temperature === 0) return clip(first.logit - logit);
  const edges = edgesOf(candidates, sampling, end);
  if (logit < edges.possibleFrom) {
    const mayBeForced = candidates.length < candidateCount && first.logit < end + edgeSlack;
    return mayBeForced ? clip(first.logit - logit) : marginMax;
  }
  const noise = gumbel(sampling.seed, position);
  const claimed = logit / temperature + noise(claim.id);
  let best = claimed;
  for (const candidate of candidates) {
    if (candidate.logit < edges.sureFrom) break;
    const scaled = candidate.logit / temperature;
    if (scaled + gumbelMax < best) break;
    best = Math.max(best, scaled + noise(candidate.id));
  }
  return clip(temperature * (best - claimed));
}

function clip(logits: number): number {
  return Math.min(Math.max(0, logits), marginMax);
}

interface Edges {
  /** Tokens from this logit up were allowed on every honest machine. */
  readonly sureFrom: number;
  /** Tokens below this logit were allowed on none. */
  readonly possibleFrom: number;
}

/** The logit at which the list of candidates ends. One shorter than K is the whole vocabulary: nothing lies beyond. */
export function endOf(candidates: readonly Candidate[]): number {
  const last = candidates[candidateCount - 1];
  return last === undefined ? Number.NEGATIVE_INFINITY : last.logit;
}

/** Allowed or not falls with the logit, so both edges are logits. */
export function edgesOf(candidates: readonly Candidate[], sampling: Sampling, end: number): Edges {
  const { temperature, topP, minP = 0 } = sampling;
  const ends = [{ sureFrom: end + edgeSlack, possibleFrom: end - edgeSlack }];
  if (topP < 1) ends.push(nucleusEdges(candidates, temperature, topP));
  if (minP > 0) {
    const floor = candidates[0]!.logit + temperature * Math.log(minP);
    ends.push({ sureFrom: floor + edgeSlack, possibleFrom: floor - edgeSlack });
  }
  return {
    sureFrom: Math.max(...ends.map((edge) => edge.sureFrom)),
    possibleFrom: Math.max(...ends.map((edge) => edge.possibleFrom)),
  };
}

function nucleusEdges(candidates: readonly Candidate[], temperature: number, topP: number): Edges {
  let sureFrom = Number.NEGATIVE_INFINITY;
  let possibleFrom = Number.NEGATIVE_INFINITY;
  const weights = softmaxWeights(candidates, temperature);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const mass = massAbove(candidates, weights);
  // Moving every logit by half the slack against each other moves the odds of a set by this factor.
  const factor = Math.exp(edgeSlack / temperature);
  const odds = topP / (1 - topP);
  for (const { logit } of candidates) {
    const above = mass(logit + edgeSlack);
    if (above > 0 && above / factor >= odds * (total - above)) {
      possibleFrom = nextAbove(candidates, logit);
      break;
    }
  }
  for (const [at, { logit }] of candidates.entries()) {
    const others = mass(logit - edgeSlack) - weights[at]!;
    if (others > total * 1e-12 && others * factor >= odds * (total - others)) {
      sureFrom = nextAbove(candidates, logit);
      break;
    }
  }
  return { sureFrom, possibleFrom };
}

/** Sum of the weights of candidates whose logit is above `from`. */
function massAbove(candidates: readonly Candidate[], weights: readonly number[]): (from: number) => number {
  const sums = [0];
  for (const weight of weights) sums.push(sums.at(-1)! + weight);
  return (from) => {
    let low = 0;
    let high = candidates.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (candidates[middle]!.logit > from) low = middle + 1;
      else high = middle;
    }
    return sums[low]!;
  };
}

/** Smallest candidate logit above `logit`, +∞ when there is none. */
function nextAbove(candidates: readonly Candidate[], logit: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    if (candidate.logit <= logit) break;
    next = candidate.logit;
  }
  return next;
}
