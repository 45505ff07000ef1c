import { budgets } from "./budgets.ts";

/** What a provider says that finds fault with the request itself. */
export type BlameCode = "context-overflow" | "bad-request";

export interface Blamer {
  readonly code: BlameCode;
  /** Providers of one operator have one voice. */
  readonly operator: string;
  /** Nothing is lost when it lies, and others of the model have something to lose: it has no voice. */
  readonly stranger: boolean;
}

export interface Asked {
  /** Providers that took the request as it is. */
  readonly takers: number;
  /** Nobody is left to ask, and nobody took it. */
  readonly everybody: boolean;
}

export function blamesRequest(code: string): code is BlameCode {
  return code === "context-overflow" || code === "bad-request";
}

/**
 * Whose word stands for those who find the request itself wrong; undefined while they are not believed. They are when
 * three operators say the same and fewer took the request, or when everybody was asked. Instant refusals of a few must
 * not outrun those who would have answered.
 */
export function blamerBelieved<B extends Blamer>(
  blamers: readonly B[],
  { takers, everybody }: Asked,
): B | undefined {
  const voices = (code: BlameCode) =>
    new Set(blamers.filter((each) => each.code === code && !each.stranger).map(({ operator }) => operator))
      .size;
  const [most] = blamers.toSorted((a, b) => voices(b.code) - voices(a.code));
  if (most === undefined || everybody) return most;
  return voices(most.code) >= Math.max(budgets.blamersLeast, takers + 1) ? most : undefined;
}
