import type { UpstreamFault } from "../../../ports.ts";
import { limits } from "../../../protocol/limits.ts";

/** Why an attempt brought no answer, and what that says about its upstream. */
export interface AttemptFault {
  readonly code:
    | UpstreamFault["code"]
    | "status" // 5xx and the like
    | "busy" // 429, 503 with Retry-After
    | "no-model"
    | "misconfigured" // the key or the address is wrong; waiting does not help
    | "cut" // ended without finish_reason or [DONE]
    | "error-event" // reported an error inside the stream
    | "silent"
    | "differs"; // goes on with another text
  readonly detail: string;
  readonly retryAfterMs?: number;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * What a status means: "answer", "relay" (the application's own mistake, passed on as it is and held against
 * nobody), "lacks" (it has no such model, which is no mistake while another may have it), or a fault of this upstream
 * that another may not have.
 */
export function judgeStatus(
  status: number,
  headers: Headers,
  body: string,
): "answer" | "relay" | "lacks" | AttemptFault {
  if (status >= 200 && status < 300) return "answer";
  const detail = `status ${status}`;
  const retryAfterMs = retryAfter(headers);
  if (status === 429 || (status === 503 && retryAfterMs !== undefined)) {
    return { code: "busy", detail, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
  if (status >= 500 || status === 408 || status === 409 || status === 425) return { code: "status", detail };
  // A redirect is never followed: the key was meant for this address only.
  if (status < 400) return { code: "misconfigured", detail: `${detail}, a redirect` };
  if (status === 401 || status === 402 || status === 403 || status === 405 || status === 407) {
    return { code: "misconfigured", detail };
  }
  const error = apiError(body);
  // A 404 without the API's own error body means the API is not at this address.
  if (status === 404) return error === undefined ? { code: "misconfigured", detail } : "lacks";
  return error?.code === "model_not_found" ? "lacks" : "relay";
}

function retryAfter(headers: Headers): number | undefined {
  const ms = Number(headers["retry-after-ms"] ?? Number.NaN);
  const seconds = Number(headers["retry-after"] ?? Number.NaN);
  const wait = Number.isFinite(ms) ? ms : seconds * 1000;
  return Number.isFinite(wait) && wait >= 0 ? Math.min(wait, limits.upstreamPauseMsMax) : undefined;
}

/** The error a body tells of in the API's form, or in the forms vLLM and others give it; undefined when in none. */
function apiError(body: string): { readonly code?: unknown } | undefined {
  try {
    const whole = JSON.parse(body);
    const { error, detail, object } = whole;
    return error ?? (detail !== undefined || object === "error" ? whole : undefined);
  } catch {
    return undefined;
  }
}
