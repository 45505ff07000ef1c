/** Bounds on the margins of an honest answer, logits. */
export interface Tolerances {
  /** A single margin above this rejects its token. */
  readonly marginMax: number;
  /** The mean over the last `meanWindow` margins (at least `meanMin` of them) above this rejects. */
  readonly meanMarginMax: number;
  readonly meanMin: number;
  readonly meanWindow: number;
}

export const tolerances: Tolerances = {
  marginMax: 1,
  meanMarginMax: 0.1,
  meanMin: 32,
  meanWindow: 64,
};

export interface Judgement {
  /** Margins of all positions judged so far, this step's included; give it to the next step. */
  readonly margins: readonly number[];
  /** Largest margin of this step, logits; 0 for an empty one. */
  readonly margin: number;
  /** The first token of this step that an honest speaker would not have said; `at` is its answer position. */
  readonly rejection?: {
    readonly at: number;
    readonly reason: "margin" | "mean-margin";
    readonly margin: number;
  };
}

/**
 * Judges a chunk after everything before it. `before` holds the margin of every earlier position of the answer (cut
 * it with `slice(0, to)` when positions are dropped; put 0 for positions one spoke oneself), `chunk` those of the new
 * ones. Margins are those of `margin()`. The judge goes on after a rejection, so that a dissenter who was outvoted
 * can still follow.
 */
export function judgeChunk(
  before: readonly number[],
  chunk: readonly number[],
  within: Tolerances = tolerances,
): Judgement {
  const margins = [...before, ...chunk];
  let largest = 0;
  for (const margin of chunk) largest = Math.max(largest, margin);
  for (let at = before.length; at < margins.length; at += 1) {
    const margin = margins[at]!;
    if (margin > within.marginMax) {
      return { margins, margin: largest, rejection: { at, reason: "margin", margin } };
    }
    const mean = meanMargin(margins, at + 1, within);
    if (mean > within.meanMarginMax) {
      return { margins, margin: largest, rejection: { at, reason: "mean-margin", margin: mean } };
    }
  }
  return { margins, margin: largest };
}

/** Mean over the window that ends before `end`; 0 while it is too short to mean anything. */
function meanMargin(margins: readonly number[], end: number, within: Tolerances): number {
  const start = Math.max(0, end - within.meanWindow);
  if (end - start < within.meanMin) return 0;
  let sum = 0;
  // Cut, so that one outvoted rejection does not colour the whole window.
  for (let i = start; i < end; i += 1) sum += Math.min(margins[i]!, within.marginMax);
  return sum / (end - start);
}
