import type { Ms } from "../../../domain/ids.ts";
import type { Failure, FailureCode } from "../../../domain/inference/effect.ts";
import type { ModelOnOffer } from "../../../domain/market/models.ts";
import { limits } from "../../../protocol/limits.ts";
import { invalidRequest, type Refusal } from "../../../protocol/openai.ts";
import { standingText, takenBack } from "../../../protocol/standing.ts";

/** What is known where a job failed. */
export interface FailedWhere {
  readonly job: string;
  readonly model: ModelOnOffer;
  /** The field that holds the prompt. */
  readonly prompt: "messages" | "prompt" | "input";
  /** How long it would have had to wait for seats; undefined when that cannot be told. */
  readonly waitMs: Ms | undefined;
}

/** A job's failure in OpenAI's form: what, where the answer still stands, and whose turn it is. */
export function refusalOf(failure: Failure, { job, model, prompt, waitMs }: FailedWhere): Refusal {
  const { status, type, code, advice } = forms[failure.code];
  const stands = failure.goodTokens > 0 ? ` ${standingText(failure.goodTokens)}` : "";
  const retryAfter = Math.max(limits.retryAfterSeconds, Math.ceil((waitMs ?? 0) / 1000));
  const tooLong = failure.code === "context-overflow";
  const now = tooLong ? windowOf(model) : advice;
  const turn =
    failure.code === "busy" && waitMs !== undefined ? ` Its turn would come in about ${retryAfter} s.` : "";
  const message = `${failure.message}.${stands}${turn} ${now} (job ${job})`;
  const param = tooLong ? prompt : null;
  return { status, type, message, param, code, ...(status === 429 || status === 503 ? { retryAfter } : {}) };
}

/** 400: the answer asked for is at least as long as prompt and answer together may be. */
export function windowTooSmall(model: ModelOnOffer, tokensMax: number, param: string): Refusal {
  const message = `\`${param}\` asks for ${tokensMax} tokens. ${windowOf(model)}`;
  return invalidRequest(message, param, forms["context-overflow"].code);
}

/** 400: longer than the window, whatever its tokens are. */
export function promptTooLong(model: ModelOnOffer, param: string): Refusal {
  return invalidRequest(
    `\`${param}\` is too long. ${windowOf(model)}`,
    param,
    forms["context-overflow"].code,
  );
}

function windowOf({ name, contextTokens }: ModelOnOffer): string {
  return (
    `Prompt and answer together have to fit the ${contextTokens} tokens of ${name.slice(0, 128)}: shorten the ` +
    "prompt, lower `max_tokens`, or name a model with a larger window (GET /v1/models tells each one's)."
  );
}

type Form = Pick<Refusal, "status" | "type" | "code"> & { readonly advice: string };

const server = { type: "server_error" } as const;
const forms: Readonly<Record<FailureCode, Form>> = {
  "no-providers": {
    ...server,
    status: 503,
    code: "no_providers",
    advice: "Try again; `holdfast status` shows who is alive.",
  },
  deadline: { ...server, status: 504, code: "deadline", advice: "Ask for a shorter answer, or try again." },
  "rejected-after-delivery": {
    ...{ ...server, status: 502, code: takenBack },
    advice:
      "What follows them must not be used. A longer hold budget keeps rejected text from being delivered.",
  },
  disputed: {
    ...server,
    status: 502,
    code: "disputed",
    advice: "Nothing disputed was delivered. Try again.",
  },
  "not-final": {
    ...server,
    status: 502,
    code: "not_final",
    advice:
      "An answer of fewer than about eight tokens cannot be proved, nor one by engines that show no fingerprints: " +
      'ask for those with finality "stream".',
  },
  "context-overflow": {
    ...{ status: 400, type: "invalid_request_error", code: "context_length_exceeded" },
    advice: "",
  },
  "bad-request": {
    ...{ status: 400, type: "invalid_request_error", code: "bad_request" },
    advice: "Correct the request.",
  },
  "no-beacon": {
    ...{ ...server, status: 504, code: "no_beacon" },
    advice: 'Try again when the chain makes blocks, or ask with committee "client", which needs none.',
  },
  "too-few-drawn": {
    ...{ ...server, status: 503, code: "too_few_drawn" },
    advice: 'Ask with fewer `holdfast.witnesses`, or with committee "client".',
  },
  busy: { status: 429, type: "rate_limit_error", code: "busy", advice: "Try again shortly." },
};
