import type { JobId } from "../../../domain/ids.ts";
import type { Cast, Ending } from "../../../domain/inference/effect.ts";
import type { AnswerRequest } from "../../../protocol/chat-request.ts";
import {
  errorBody,
  type HoldfastEnd,
  type HoldfastSpoken,
  type Refusal,
  sseDone,
  sseEvent,
} from "../../../protocol/openai.ts";
import type { Call } from "../backend.ts";

/** What the whole call is known by in its answer. */
export interface AnswerHead {
  readonly id: string;
  readonly job: string;
  readonly model: string;
  /** Unix seconds. */
  readonly created: number;
  readonly finality: HoldfastEnd["finality"];
  readonly committee?: HoldfastEnd["committee"];
  readonly spoken: HoldfastSpoken;
}

/** `receipt`: the job under which one is kept of it. */
export interface Finished extends Ending {
  readonly receipt: JobId | undefined;
}

/** One call's answer in OpenAI's form, from the deliveries and endings of its choices. */
export interface Writer {
  deliver(choice: number, text: string, cast: Cast | undefined): void;
  finish(choice: number, ending: Finished): void;
  /** The whole call fails; nothing is written after it. */
  refuse(refusal: Refusal): void;
}

export function createWriter(call: Call, request: AnswerRequest, head: AnswerHead): Writer {
  return request.stream ? streamWriter(call, request, head) : bodyWriter(call, request, head);
}

function streamWriter({ endpoint, reply }: Call, request: AnswerRequest, head: AnswerHead): Writer {
  const chat = endpoint === "chat/completions";
  const common = {
    id: head.id,
    object: chat ? "chat.completion.chunk" : "text_completion",
    created: head.created,
    model: head.model,
  };
  const usages: Finished[] = [];
  const begun = new Set<number>();
  let open = false;
  const write = (data: unknown) => {
    if (!open) reply.stream();
    open = true;
    reply.write(sseEvent(data));
  };
  /** With `include_usage` every chunk has the field, null but in the last (OpenAI API reference, stream_options). */
  const usageField = request.includeUsage ? { usage: null } : {};
  const choiceOf = (index: number, text: string, reason: string | null) => {
    const role = begun.has(index) ? {} : { role: "assistant" };
    begun.add(index);
    const piece = chat ? { delta: reason === null ? { ...role, content: text } : role } : { text };
    return { index, ...piece, logprobs: null, finish_reason: reason };
  };

  return {
    deliver(index, text, cast) {
      if (text === "") return;
      const facts = cast === undefined ? {} : { holdfast: { job: head.job, ...head.spoken, ...cast } };
      write({ ...common, choices: [choiceOf(index, text, null)], ...usageField, ...facts });
    },
    finish(index, ending) {
      usages.push(ending);
      const holdfast = factsOf(head, [ending]);
      write({ ...common, choices: [choiceOf(index, "", ending.reason)], ...usageField, holdfast });
      if (usages.length < request.choices) return;
      if (request.includeUsage) write({ ...common, choices: [], usage: usageOf(usages) });
      reply.write(sseDone);
      reply.end();
    },
    refuse(refusal) {
      if (!open) return reply.refuse(refusal);
      write(errorBody(refusal));
      reply.end();
    },
  };
}

function bodyWriter({ endpoint, reply }: Call, request: AnswerRequest, head: AnswerHead): Writer {
  const chat = endpoint === "chat/completions";
  const texts = Array.from({ length: request.choices }, () => "");
  const endings: Array<Finished | undefined> = texts.map(() => undefined);
  return {
    deliver(index, text) {
      texts[index] += text;
    },
    finish(index, ending) {
      endings[index] = ending;
      const done = endings.filter((each) => each !== undefined);
      if (done.length < request.choices) return;
      reply.json(200, {
        id: head.id,
        object: chat ? "chat.completion" : "text_completion",
        created: head.created,
        model: head.model,
        choices: texts.map((text, at) => ({
          index: at,
          ...(chat ? { message: { role: "assistant", content: text, refusal: null } } : { text }),
          logprobs: null,
          finish_reason: done[at]!.reason,
        })),
        usage: usageOf(done),
        holdfast: factsOf(head, done),
      });
    },
    refuse: (refusal) => reply.refuse(refusal),
  };
}

/** Of several choices, the facts of the worst: what holds for all of them. */
function factsOf(head: AnswerHead, endings: readonly Finished[]): HoldfastEnd & Record<string, unknown> {
  const receipts = endings.flatMap(({ receipt }) => (receipt === undefined ? [] : `/v1/receipts/${receipt}`));
  const worst = endings.find(({ verdict }) => verdict !== "valid") ?? endings[0]!;
  return {
    job: head.job,
    ...head.spoken,
    finality: head.finality,
    ...(head.committee && { committee: head.committee }),
    verdict: worst.verdict,
    basis: worst.basis,
    switches: Math.max(...endings.map(({ switches }) => switches)),
    attempts: Math.max(...endings.map(({ attempts }) => attempts)),
    executor: worst.executor,
    witnesses: worst.witnesses,
    ...(worst.sampled.length === 0 ? {} : { sampled: worst.sampled }),
    ...(worst.notChecked.length === 0 ? {} : { notChecked: worst.notChecked }),
    ...(receipts.length === 0 ? {} : { receipt: receipts[0]! }),
    ...(endings.length === 1 ? {} : { receipts }),
    acceptedShare: Math.min(...endings.map(({ acceptedShare }) => acceptedShare)),
  };
}

function usageOf(endings: readonly Ending[]) {
  const promptTokens = endings[0]?.promptTokens ?? 0;
  const answerTokens = endings.reduce((sum, ending) => sum + ending.answerTokens, 0);
  return {
    prompt_tokens: promptTokens,
    completion_tokens: answerTokens,
    total_tokens: promptTokens + answerTokens,
  };
}
