/**
 * How many attempts a gateway makes on suspicion, over all its jobs: a share of one for every answer that ended well,
 * saved up to a bound. When everything is slow, suspicion is everywhere and answers are few, so the hedges run out
 * instead of making it worse. Replacing who was proven lost needs none.
 */
export interface HedgeBudget {
  readonly left: number;
}

export interface HedgeBounds {
  readonly perAnswer: number;
  readonly most: number;
}

export function hedgesFull({ most }: HedgeBounds): HedgeBudget {
  return { left: most };
}

export function mayHedge({ left }: HedgeBudget): boolean {
  return left >= 1;
}

export function afterHedge({ left }: HedgeBudget): HedgeBudget {
  return { left: left - 1 };
}

export function afterAnswer({ left }: HedgeBudget, { perAnswer, most }: HedgeBounds): HedgeBudget {
  return { left: Math.min(most, left + perAnswer) };
}
