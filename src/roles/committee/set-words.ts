import type { CommitSet } from "../../domain/verification/committee.ts";
import type { Order } from "../../protocol/attempt.ts";

/** A set of commits as the wire has it, which may be written to. */
export type SetWords = Extract<Order, { t: "reveal" }>["set"];

export function wordsOf({ witnesses, commits, ...rest }: CommitSet): SetWords {
  return { ...rest, witnesses: [...witnesses], commits: [...commits] };
}
