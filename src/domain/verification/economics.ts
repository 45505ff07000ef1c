import { quorumOf } from "./ruling.ts";

/** What makes cheating a loss. Money in any one unit. */
export interface Stakes {
  /** What one cheated answer saves the cheat: never more than its price. */
  readonly saving: number;
  /** What one answer earns. */
  readonly fee: number;
  /** Share of answers that are checked by a drawn committee, at once or later. */
  readonly auditShare: number;
  /** Chance that an honest committee sees this kind of cheating in one answer. */
  readonly detection: number;
  /** Share of all stake that colludes with the cheat. */
  readonly adversaryShare: number;
  /** Witnesses of one committee. */
  readonly witnesses: number;
}

/** Chance that at least one of the witnesses is honest, so that the cheat is at least not agreed on. */
export function someoneHonest({
  adversaryShare,
  witnesses,
}: Pick<Stakes, "adversaryShare" | "witnesses">): number {
  return 1 - adversaryShare ** witnesses;
}

/** Chance that colluders alone are a quorum: the only way a wrong answer becomes final. */
export function colludersDecide({
  adversaryShare,
  witnesses,
}: Pick<Stakes, "adversaryShare" | "witnesses">): number {
  let sum = 0;
  for (let count = quorumOf(witnesses); count <= witnesses; count += 1)
    sum += choose(witnesses, count) * adversaryShare ** count * (1 - adversaryShare) ** (witnesses - count);
  return sum;
}

/** Chance that one cheated answer is caught: checked, by somebody honest, who sees it. */
export function caughtShare(stakes: Stakes): number {
  return stakes.auditShare * stakes.detection * someoneHonest(stakes);
}

/**
 * Least stake at which one cheated answer does not pay: q (stake + fee + saving) ≥ saving. Enough where who is caught
 * is out at once.
 */
export function stakeForOne(stakes: Stakes): number {
  const caught = caughtShare(stakes);
  if (caught === 0) return Number.POSITIVE_INFINITY;
  return Math.max(0, stakes.saving / caught - stakes.fee - stakes.saving);
}

/**
 * Least stake at which cheating in every one of `answers` does not pay when nothing is found before they are all given,
 * as when audits come at the end of the thaw window: one slash against all the savings.
 */
export function stakeForMany(stakes: Stakes, answers: number): number {
  const caught = 1 - (1 - caughtShare(stakes)) ** answers;
  return caught === 0
    ? Number.POSITIVE_INFINITY
    : Math.max(stakeForOne(stakes), (answers * stakes.saving) / caught);
}

/** Answers until a cheat that cheats in a share of them is caught, on the average. */
export function answersUntilCaught(stakes: Stakes, cheatedShare: number): number {
  return 1 / (caughtShare(stakes) * cheatedShare);
}

function choose(n: number, k: number): number {
  let ways = 1;
  for (let at = 1; at <= k; at += 1) ways = (ways * (n - k + at)) / at;
  return ways;
}
