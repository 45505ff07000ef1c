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
