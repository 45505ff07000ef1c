/** The parts of the OpenAI API's wire format that both backends of the gateway speak. */
import { nearest } from "./nearest.ts";

/** `error` of a refusal body, and of the unnamed event that ends a stream which could not be finished. */
export interface ApiError {
  readonly message: string;
  readonly type:
    | "invalid_request_error"
    | "authentication_error"
    | "not_found_error"
    | "rate_limit_error"
    | "server_error";
  /** The request field at fault, as the application wrote it. */
  readonly param: string | null;
  readonly code: string | null;
}

/** A refusal before the first byte of an answer. */
export interface Refusal extends ApiError {
  readonly status: number;
  /** Seconds, for 429 and 503. */
  readonly retryAfter?: number;
}

export function errorBody({ message, type, param, code }: ApiError): { error: ApiError } {
  return { error: { message, type, param, code } };
}

/** One unnamed server-sent event. A named one with a bare object crashes the official client. */
export function sseEvent(data: unknown): string {
  return `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
}

/** Ends a stream that was completed. Never sent after an error event. */
export const sseDone = "data: [DONE]\n\n";

export function isRefusal(value: object): value is Refusal {
  return "status" in value && "type" in value && "message" in value;
}

/** 400: the application asked for something that cannot be done. `param` is named as the application wrote it. */
export function invalidRequest(
  message: string,
  param: string | null = null,
  code: string | null = null,
): Refusal {
  return { status: 400, type: "invalid_request_error", message, param, code };
}

/** 404 with the code the official client maps to a missing model. `known`: names of those there are. */
export function unknownModel(model: string, known: readonly string[] = []): Refusal {
  const close = nearest(model, new Set(known), namesShownMax).map((name) =>
    JSON.stringify(name.slice(0, 200)),
  );
  const instead = close.length === 0 ? "" : ` Closest to it: ${close.join(", ")}.`;
  const message = `The model ${JSON.stringify(model.slice(0, 200))} is not known here.${instead} GET /v1/models lists those that are.`;
  return { status: 404, type: "not_found_error", message, param: "model", code: "model_not_found" };
}

const namesShownMax = 3;

/** 502, 503 or 500: nothing the application did. */
export function serverError(
  status: 500 | 502 | 503,
  message: string,
  code: string,
  retryAfter?: number,
): Refusal {
  const refusal = { status, type: "server_error", message, param: null, code } as const;
  return retryAfter === undefined ? refusal : { ...refusal, retryAfter };
}

/** To whoever asks, or is still being answered, when the gateway is stopped. */
export const gatewayClosing: Refusal = serverError(
  503,
  "The gateway is being stopped. What was delivered stands; it is not the whole answer.",
  "gateway_closing",
  1,
);

/** Which model speaks, in `holdfast`. */
export interface HoldfastSpoken {
  readonly model?: string;
  /** The models asked for before it, which nobody answered with. */
  readonly insteadOf?: readonly string[];
}

/** `holdfast` of the first content chunk and of the first one after each switch. Peers are named by their id. */
export interface HoldfastStart extends HoldfastSpoken {
  readonly job: string;
  readonly executor: string;
  readonly witnesses: readonly string[];
}

/** `holdfast` of the chunk with `finish_reason`, and of a non-streaming body. */
export interface HoldfastEnd extends HoldfastSpoken {
  readonly job: string;
  readonly finality: "stream" | "final" | "none";
  /** Executor, witnesses and seed were drawn by a block later than the request. */
  readonly committee?: "drawn";
  readonly verdict: "valid" | "invalid" | "inconclusive";
  /** What the verdict rests on. */
  readonly basis: "fingerprint" | "replication" | "tokens" | "text" | "none";
  /** Witnesses among those named that looked at some positions only, drawn by themselves; what lies between is not checked by them. */
  readonly sampled?: readonly string[];
  /** What nobody looked at, as its nodes' engines are; a word that programs can go by comes first in each. */
  readonly notChecked?: readonly string[];
  /** Where the answer's receipt is, once it has ended; of several choices that of the first. */
  readonly receipt?: string;
  /** Of several choices: those of all of them. */
  readonly receipts?: readonly string[];
  /** Another server went on from text that it was given; how many tokens that has is told by the events it came in. */
  readonly usage?: "estimated";
  /** Times another peer took over after content had been delivered. */
  readonly switches: number;
  /** Peers asked for this answer, the first one included. */
  readonly attempts: number;
}
