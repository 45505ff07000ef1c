import type { Failure, FailureCode } from "../../../domain/inference/effect.ts";
import { limits } from "../../../protocol/limits.ts";
import type { Refusal } from "../../../protocol/openai.ts";

/** A job's failure in OpenAI's form: what, where the answer still stands, and whose turn it is. */
export function refusalOf(failure: Failure, job: string): Refusal {
  const { status, type, param, code, advice } = forms[failure.code];
  const stands = failure.goodTokens > 0 ? ` The first ${failure.goodTokens} tokens stand.` : "";
  const message = `${failure.message}.${stands} ${advice} (job ${job})`;
  const retryAfter = status === 429 || status === 503 ? { retryAfter: limits.retryAfterSeconds } : {};
  return { status, type, message, param, code, ...retryAfter };
}

type Form = Pick<Refusal, "status" | "type" | "param" | "code"> & { readonly advice: string };

const server = { type: "server_error", param: null } as const;
const forms: Readonly<Record<FailureCode, Form>> = {
  "no-providers": {
    ...server,
    status: 503,
    code: "no_providers",
    advice: "Try again; `holdfast status` shows who is alive.",
  },
  deadline: { ...server, status: 504, code: "deadline", advice: "Ask for a shorter answer, or try again." },
  "rejected-after-delivery": {
    ...{ ...server, status: 502, code: "rejected_after_delivery" },
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
    advice: 'Ask with finality "stream", or try again.',
  },
  "context-overflow": {
    ...{ status: 400, type: "invalid_request_error", param: "messages", code: "context_length_exceeded" },
    advice: "Shorten the prompt or lower max_tokens.",
  },
  "bad-request": {
    ...{ status: 400, type: "invalid_request_error", param: null, code: "bad_request" },
    advice: "Correct the request.",
  },
  busy: { status: 429, type: "rate_limit_error", param: null, code: "busy", advice: "Try again shortly." },
};
