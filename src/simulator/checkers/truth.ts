import type { Sampling } from "../../domain/inference/spec.ts";
import { tolerances } from "../../domain/verification/judge.ts";
import { margin } from "../../domain/verification/margin.ts";
import type { Seen } from "../application.ts";
import { logitsAt } from "../model.ts";

/**
 * Every delivered token is one the promised model could have chosen: its margin under the model's exact logits is
 * within the tolerance and the honest nodes' own noise. Temperature 0 only, where no seed is needed to say so.
 */
export function checkTruth({ text }: Pick<Seen, "text">, context: number): string | undefined {
  const sampling: Sampling = { temperature: 0, topP: 1, seed: "00".repeat(32) };
  const answer: number[] = [];
  for (const word of text.split(" ").filter(Boolean)) {
    const id = Number(word.split(":")[1]);
    const found = margin(logitsAt(context, answer), { id }, sampling, answer.length);
    if (found > tolerances.marginMax + 0.1) return `token ${id} at ${answer.length} has margin ${found}`;
    answer.push(id);
  }
  return undefined;
}
