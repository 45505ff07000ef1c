import type { Receipt } from "../../domain/verification/receipt.ts";
import type { Replayed } from "../../domain/verification/replayed.ts";
import type { Clock, TokenEngine } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { createAnswer } from "../provider/answer.ts";
import { openTokenVoice } from "../provider/token-voice.ts";
import { openOrderOf } from "./reading.ts";

/**
 * Reads a receipt's answer again as a witness would have, chunk for chunk: checking long after is witnessing late.
 * Throws HoldfastError `no-prompt` or `other-model` (fault user), or what the engine throws.
 */
export async function replay(
  ports: { readonly clock: Clock },
  engine: TokenEngine,
  receipt: Receipt,
  signal: AbortSignal,
): Promise<Replayed> {
  const { model, chunks, proof } = receipt;
  const open = openOrderOf(receipt, engine.contextTokens);
  if (engine.model !== model)
    throw new HoldfastError("The receipt is about another model.", {
      ...{ code: "other-model", fault: "user", facts: { receipt: model, here: engine.model } },
    });
  const { job } = proof.set.answer;
  const voice = await openTokenVoice(ports, engine, open, signal);
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

/** Margins are weighed as a whole, by calibrated bounds. */
function isForm(reason: string): boolean {
  return reason === "text" || reason === "end";
}
