import type { TokenId } from "../domain/ids.ts";
import { textsOf } from "../domain/inference/prompt-size.ts";
import type { Prompt } from "../domain/inference/spec.ts";
import type { Candidate } from "../domain/verification/sampler.ts";
import { mix, mixName } from "./chance.ts";

/** A model in arithmetic: logits are a hash of the prompt and the last tokens, so that everybody can compute the truth. */

export const endId = 0;

/** A word of the prompt is a token. */
export function tokensOf(prompt: Prompt): TokenId[] {
  const text = textsOf(prompt).join("\n");
  return text.split(" ").map((word) => mixName(7, word) % 50_000);
}

/** What a model makes of a prompt. Variant 1 is the model; others pass themselves off as it. */
export function contextOf(promptIds: readonly TokenId[], variant = 1): number {
  let context = variant;
  for (const id of promptIds) context = mix(context, id);
  return context;
}

/**
 * Six candidates whose logits follow from the last three tokens; the end grows likelier with length. `noise` is the
 * largest difference between honest machines, `machine` whose it is.
 */
export function logitsAt(context: number, answer: readonly TokenId[], noise = 0, machine = 0): Candidate[] {
  const { length } = answer;
  let here = mix(context, length);
  for (let at = Math.max(0, length - 3); at < length; at++) here = mix(here, answer[at]!);
  const candidates: Candidate[] = [{ id: endId, logit: length / 8 - 4 }];
  for (let rank = 0; rank < 6; rank++) {
    const drawn = mix(here, rank);
    const own = noise === 0 ? 0 : noise * (2 * (mix(drawn, machine) / 2 ** 32) - 1);
    let id = 1 + (mix(drawn, 1) % 50_000);
    // No two of a vocabulary are the same: such a leaf would be none.
    while (candidates.some((each) => each.id === id)) id += 1;
    candidates.push({ id, logit: 6 * (drawn / 2 ** 32) + own });
  }
  return candidates.sort(largestFirst);
}

function largestFirst(a: Candidate, b: Candidate): number {
  return b.logit - a.logit || a.id - b.id;
}
