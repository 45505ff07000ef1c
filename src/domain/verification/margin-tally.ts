import type { Verdict } from "../inference/effect.ts";
import type { Sampling } from "../inference/spec.ts";
import type { Candidate } from "./sampler.ts";
import { type Tolerance, weighMean } from "./tolerance.ts";

/** What the margins of one answer come to. */
export interface MarginTally {
  readonly positions: number;
  /** Positions at which more than one token had a real chance; only there do tokens tell the honest from the rest. */
  readonly informative: number;
  /** Of all margins, each cut at `marginClip`, logits. */
  readonly sum: number;
  readonly max: number;
}

/** One odd token must not speak for the mean; by itself it is held against `marginMax`. */
const marginClip = 2;

export const noMargins: MarginTally = { positions: 0, informative: 0, sum: 0, max: 0 };

/** The tally after one more position. `candidates`: those its margin was measured against. */
export function withMargin(
  tally: MarginTally,
  margin: number,
  candidates: readonly Candidate[],
  sampling: Sampling,
): MarginTally {
  return {
    positions: tally.positions + 1,
    informative: tally.informative + (isInformative(candidates, sampling) ? 1 : 0),
    sum: tally.sum + Math.min(margin, marginClip),
    max: Math.max(tally.max, margin),
  };
}

/**
 * The token test over a whole answer. A mean over informative positions, so that a long easy answer does not drown the
 * few tokens that could have been others; an answer without any is not thereby wrong: its margins are still bounded
 * one by one, and its fingerprint is there.
 */
export function weighMargins({ informative, sum, max }: MarginTally, tolerance: Tolerance): Verdict {
  if (max > tolerance.marginMax) return "invalid";
  return weighMean(sum / Math.max(1, informative), informative, tolerance.margin);
}

/**
 * A witness's verdict on the tokens of an answer of which it rejected nothing. With too few informative tokens for any
 * of the bounds on means, what was asked of each token by itself has held.
 */
export function weighAnswer(tally: MarginTally, tolerance: Tolerance): Verdict {
  const verdict = weighMargins(tally, tolerance);
  const isTested = tolerance.margin.some(({ from }) => from <= tally.informative);
  return verdict === "inconclusive" && !isTested ? "valid" : verdict;
}

/** At temperature 0: is the runner-up within this of the best, logits? Above: is the best less likely than the second? */
const closeLogits = 1;
const sureShare = 0.95;

/** Could the choice here well have been another? `candidates` in canonical order. */
export function isInformative(candidates: readonly Candidate[], { temperature }: Sampling): boolean {
  const [first, second] = candidates;
  if (first === undefined || second === undefined) return false;
  if (temperature === 0) return first.logit - second.logit < closeLogits;
  let total = 0;
  for (const { logit } of candidates) total += Math.exp((logit - first.logit) / temperature);
  return 1 / total < sureShare;
}
