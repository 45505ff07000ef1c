import { attemptsAllowed } from "../../domain/inference/cast.ts";
import type { AttemptCount } from "../attempts.ts";

/** No answer, of so many tokens at most, costs more attempts than its bound, however it goes. */
export function checkAttempts(attempts: AttemptCount, tokens: number): string | undefined {
  const most = attempts.mostOfOneJob();
  return most <= attemptsAllowed(tokens) ? undefined : `${most} attempts for one answer`;
}
