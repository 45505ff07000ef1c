import type { Prompt } from "../../domain/inference/spec.ts";
import type { Receipt } from "../../domain/verification/receipt.ts";
import type { Replayed } from "../../domain/verification/replayed.ts";
import type { Clock, TokenEngine } from "../../ports.ts";
import type { OpenOrder } from "../../protocol/attempt.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { createAnswer } from "../provider/answer.ts";
import { openTokenVoice } from "../provider/token-voice.ts";

/**
 * Reads a receipt's answer again as a witness would have, chunk for chunk: checking long after is witnessing late.
 * Throws HoldfastError `no-prompt` or `other-model` (fault user), or what the engine throws.
 */
export async function replay(
  ports: { readonly clock: Clock },
  engine: TokenEngine,
  { model, prompt, sampling, tokensMax, chunks, proof }: Receipt,
  signal: AbortSignal,
): Promise<Replayed> {
  if (prompt === undefined)
    throw refusal("no-prompt", "Without its prompt an answer cannot be computed again.", {});
  if (engine.model !== model)
    throw refusal("other-model", "The receipt is about another model.", {
      receipt: model,
      here: engine.model,
    });
  const { job } = proof.set.answer;
  const voice = await openTokenVoice(
    ports,
    engine,
    {
      ...{ t: "open", job, model, prompt: copied(prompt), sampling, tokensMax, tokensDefault: tokensMax },
      ...{ contextTokens: engine.contextTokens, holdMs: 0, deadlineMs: limits.deadlineMsMax },
    },
    signal,
  );
  try {
    const answer = createAnswer(job, voice.promptDigest);
    let misformedAt: number | undefined;
    for (const { chunk } of chunks) {
      const judged = await voice.judge(answer, chunk, [], signal);
      if (!judged.accepted && isForm(judged.reason)) misformedAt ??= chunk.start;
      answer.append(chunk);
    }
    const leaves = voice.leaves(answer.end) ?? [];
    const margins = voice.margins(answer.end);
    const { profile, promptDigest } = voice;
    return { profile, promptDigest, leaves, margins, ...(misformedAt === undefined ? {} : { misformedAt }) };
  } finally {
    voice.close();
  }
}

/** As the wire has it, which may be written to. */
function copied(prompt: Prompt): OpenOrder["prompt"] {
  return prompt.kind === "text" ? prompt : { ...prompt, messages: [...prompt.messages] };
}

/** Margins are weighed as a whole, by calibrated bounds. */
function isForm(reason: string): boolean {
  return reason === "text" || reason === "end";
}

function refusal(code: string, message: string, facts: Record<string, string>): HoldfastError {
  return new HoldfastError(message, { code, fault: "user", facts });
}
