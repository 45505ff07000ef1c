/** The parts of the OpenAI API's wire format that both backends of the gateway speak. */

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

/** 404 with the code the official client maps to a missing model. */
export function unknownModel(model: string): Refusal {
  const message = `The model ${JSON.stringify(model.slice(0, 200))} is not known here. GET /v1/models lists those that are.`;
  return { status: 404, type: "not_found_error", message, param: "model", code: "model_not_found" };
}

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

/** `holdfast` of the first content chunk and of the first one after each switch. Peers are named by their id. */
export interface HoldfastStart {
  readonly job: string;
  readonly executor: string;
  readonly witnesses: readonly string[];
}

/** `holdfast` of the chunk with `finish_reason`, and of a non-streaming body. */
export interface HoldfastEnd {
  readonly job: string;
  readonly finality: "stream" | "final" | "none";
  readonly verdict: "valid" | "invalid" | "inconclusive";
  /** What the verdict rests on. */
  readonly basis: "tokens" | "text" | "none";
  /** Times another peer took over after content had been delivered. */
  readonly switches: number;
  /** Peers asked for this answer, the first one included. */
  readonly attempts: number;
}
