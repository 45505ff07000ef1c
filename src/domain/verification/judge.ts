import type { TokenId } from "../ids.ts";
import type { Sampling } from "../inference/spec.ts";
import { margin } from "./margin.ts";
import type { Candidate } from "./sampler.ts";

/** Bounds on the margins of an honest answer, logits. */
export interface Tolerances {
  /** A single margin above this rejects its token. */
  readonly marginMax: number;
  /** The mean over the last `meanWindow` margins (at least `meanMin` of them) above this rejects. */
  readonly meanMarginMax: number;
  readonly meanMin: number;
  readonly meanWindow: number;
}

/**
 * Calibrated on honest answers only: 48 answers of SmolLM2-135M Q4_1, 2,911 tokens (12 prompts; temperature 0, 0.7,
 * 1 with top_p 0.9, 1.3), spoken token by token and judged in chunks of 8. Two of them, in logits:
 *
 *   judge like the speaker        97.1 % of margins 0, 99.9 % below 0.24, largest 0.31; mean over a window ≤ 0.016
 *   judge with flash attention    96.8 %               99.9 % below 0.40, largest 0.48; mean over a window ≤ 0.018
 *
 * An earlier pool of 8,890 comparisons (batch shapes, threads, CPU builds) had 0.49 and 0.048 as its largest. The
 * tail thins tenfold every 0.2, until it does not: 3,014 answers over ten pairs of profiles (205,000 tokens;
 * bench/results/proof.md) had one margin of 2.13, between flash attention and none, and none else above 0.91. So an
 * honest speaker is replaced once in some thousand answers, and nobody is convicted by it. Against that: a random other
 * one of the 8 likeliest tokens is above 1.2 at 90 % of positions; another seed passes 1.2 by the 20th token and has
 * means of 0.21 and more; a 4-bit re-encoding of these weights had 0.145 and more. Temperature 1 passed off as 0.7 has
 * 0.03–0.21, so this judge catches the half of it; the rest is for evidence over whole answers.
 */
export const tolerances: Tolerances = {
  marginMax: 1.2,
  meanMarginMax: 0.08,
  meanMin: 32,
  meanWindow: 64,
};

/** What a follower has seen of an answer: one margin for each position it judged, the latest first. */
export interface Judge {
  /** Position judged last; −1 before any. */
  readonly position: number;
  /** Its margin, logits. */
  readonly margin: number;
  /** The first that its speaker said: no mean goes further back, since nobody answers for what another said. */
  readonly begins: boolean;
  readonly before: Judge | undefined;
}

/** A judge who has seen nothing yet. */
export const judgeUnknown: Judge = { position: -1, margin: 0, begins: true, before: undefined };

/** One token to be judged: what the judge's own engine says, and what the speaker said. */
export interface Look {
  /** The judge's own candidates at this position. */
  readonly candidates: readonly Candidate[];
  readonly claimed: TokenId;
  /** Needed when `claimed` is not among the candidates (TokenSequence.logitsOf); else it could not have been chosen. */
  readonly claimedLogit?: number | undefined;
  readonly sampling: Sampling;
  readonly position: number;
  /** Is it the first token of another speaker than the one before? */
  readonly begins?: boolean;
  /** Where the engine's list ended, when `candidates` are only the legal ones of it; see `margin`. */
  readonly end?: number | undefined;
}

export interface Judged {
  readonly judge: Judge;
  /** Of this token, logits. */
  readonly margin: number;
  readonly rejected?: "margin" | "mean-margin";
}

/**
 * Weighs one token. The judge goes on after a rejection, so that a dissenter who was outvoted can still follow.
 * Positions are judged in order; for positions that were dropped see `judgeUntil`.
 */
export function judgeToken(judge: Judge, look: Look, within: Tolerances = tolerances): Judged {
  const { candidates, claimed, claimedLogit, sampling, position, end, begins = false } = look;
  const claim = claimedLogit === undefined ? { id: claimed } : { id: claimed, logit: claimedLogit };
  const here = { position, begins, margin: margin(candidates, claim, sampling, position, end) };
  return judgeMargin(judge, here, within);
}

/** The same for a margin that is already known. */
export function judgeMargin(
  before: Judge,
  here: Omit<Judge, "before">,
  within: Tolerances = tolerances,
): Judged {
  const judge: Judge = { ...here, before };
  const { margin } = here;
  if (margin > within.marginMax) return { judge, margin, rejected: "margin" };
  if (meanMargin(judge, within) > within.meanMarginMax) return { judge, margin, rejected: "mean-margin" };
  return { judge, margin };
}

/** The judge as it was before position `to` was looked at. */
export function judgeUntil(judge: Judge, to: number): Judge {
  let kept = judge;
  while (kept.position >= to && kept.before !== undefined) kept = kept.before;
  return kept;
}

/** Mean over the window that ends here, of one speaker's tokens; 0 while it is too short to mean anything. */
function meanMargin(judge: Judge, within: Tolerances): number {
  let sum = 0;
  let count = 0;
  for (let at: Judge | undefined = judge; at !== undefined && count < within.meanWindow; at = at.before) {
    if (at.position < 0) break;
    // Cut, so that one outvoted rejection does not colour the whole window.
    sum += Math.min(at.margin, within.marginMax);
    count += 1;
    if (at.begins) break;
  }
  return count < within.meanMin ? 0 : sum / count;
}
