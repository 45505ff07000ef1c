import type { JobId } from "../../../../domain/ids.ts";
import { type Classes, labelOf, probabilities } from "../../../../domain/verification/classes.ts";
import type { Agreement } from "../../../../domain/verification/replication.ts";
import { spokenBy } from "../../backend.ts";
import type { EmbeddingAsk } from "./answer.ts";
import type { Testimony } from "./panel.ts";
import type { EncodedVector } from "./replica.ts";

export interface EmbeddingFacts {
  readonly job: JobId;
  readonly chosen: Testimony;
  readonly agreement: Agreement | undefined;
  readonly attempts: number;
  readonly receipt: boolean;
}

/** The answer in OpenAI's form, or vLLM's where a classifier gave it, and how it came about in `holdfast`. */
export function answerBody(
  { call, request, wishes, model }: EmbeddingAsk,
  { job, chosen, agreement, attempts, receipt }: EmbeddingFacts,
) {
  const tokens = chosen.vectors.reduce((sum, vector) => sum + vector.tokens, 0);
  const { classes } = model;
  const embeddingOf = request.encoding === "base64" ? ({ encoded }: EncodedVector) => encoded : numbersOf;
  const witnesses = (agreement?.by ?? []).filter((peer) => peer !== chosen.peer);
  const proved = agreement !== undefined && wishes.witnesses > 0;
  return {
    object: "list",
    data: chosen.vectors.map((vector, index) =>
      classes === undefined
        ? { object: "embedding", index, embedding: embeddingOf(vector) }
        : { index, ...classified(classes, numbersOf(vector), request.logits) },
    ),
    model: call.body.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
    holdfast: {
      ...{ job, ...spokenBy(call), finality: wishes.finality, executor: chosen.peer, witnesses },
      ...{ verdict: proved ? "valid" : "inconclusive", basis: proved ? "replication" : "none" },
      ...{ switches: 0, attempts },
      ...(receipt ? { receipt: `/v1/receipts/${job}` } : {}),
    },
  };
}

function classified(classes: Classes, logits: readonly number[], asTheyAre: boolean) {
  const probs = asTheyAre ? logits : probabilities(logits, classes.activation);
  return { label: labelOf(classes, logits), probs, num_classes: logits.length };
}

function numbersOf({ values }: EncodedVector): number[] {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  return Array.from({ length: values.length / 4 }, (_, at) => view.getFloat32(4 * at, true));
}
