import { budgets } from "../../domain/inference/budgets.ts";
import type { AttemptCount } from "../attempts.ts";

/** No answer costs more attempts than its bound, however it goes. */
export function checkAttempts(attempts: AttemptCount): string | undefined {
  const most = attempts.mostOfOneJob();
  return most <= budgets.attemptsOpenedMax ? undefined : `${most} attempts for one answer`;
}
