import type { Prompt } from "../../domain/inference/spec.ts";
import type { Receipt } from "../../domain/verification/receipt.ts";
import type { OpenOrder, Order } from "../../protocol/attempt.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";

/** A receipt's job as it was opened, for whoever reads its answer again. Throws HoldfastError `no-prompt` (fault user). */
export function openOrderOf(
  { model, prompt, sampling, tokensMax, proof }: Receipt,
  contextTokens: number,
): OpenOrder {
  if (prompt === undefined)
    throw new HoldfastError("Without its prompt an answer cannot be computed again.", {
      ...{ code: "no-prompt", fault: "user" },
    });
  const { job } = proof.set.answer;
  return {
    ...{ t: "open", job, model, prompt: copied(prompt), sampling, tokensMax, tokensDefault: tokensMax },
    ...{ contextTokens, holdMs: 0, deadlineMs: limits.deadlineMsMax },
  };
}

/** What a node is told so that it has read the whole answer, as a witness would have that was there. */
export function readingOrders(receipt: Receipt, contextTokens: number): [OpenOrder, ...Order[]] {
  const said = receipt.chunks.map(
    ({ chunk, speaker }): Order => ({ t: "said", chunk: { ...chunk, ids: [...chunk.ids] }, speaker }),
  );
  return [openOrderOf(receipt, contextTokens), ...said];
}

/** As the wire has it, which may be written to. */
function copied(prompt: Prompt): OpenOrder["prompt"] {
  return prompt.kind === "text" ? prompt : { ...prompt, messages: [...prompt.messages] };
}
