import type { UpstreamFault } from "../../../ports.ts";
import { httpDateMs } from "../../../protocol/http-date.ts";
import { limits } from "../../../protocol/limits.ts";

/** Why an attempt brought no answer, and what that says about its upstream. */
export interface AttemptFault {
  readonly code:
    | UpstreamFault["code"]
    | "status" // 5xx and the like
    | "busy" // 429, 503 with Retry-After, whatever that says
    | "no-model"
    | "misconfigured" // the key or the address is wrong; waiting does not help
    | "cut" // ended without finish_reason
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
 * that another may not have. `wallMs`: Unix time, for a pause until a date.
 */
export function judgeStatus(
  status: number,
  headers: Headers,
  body: string,
  wallMs: number,
): "answer" | "relay" | "lacks" | AttemptFault {
  if (status >= 200 && status < 300) return "answer";
  const detail = `status ${status}`;
  const asksForPause = pauseHeaders.some((name) => headers[name] !== undefined);
  if (status === 429 || (status === 503 && asksForPause)) {
    const retryAfterMs = pauseAsked(headers, wallMs);
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

const pauseHeaders = ["retry-after-ms", "retry-after"] as const;

/** For how long it asks to be left alone, if that can be read: in seconds, or until a date (RFC 9110 §10.2.3). */
function pauseAsked(headers: Headers, wallMs: number): number | undefined {
  const [millis = "", after = ""] = pauseHeaders.map((name) => String(headers[name] ?? "").trim());
  const until = httpDateMs(after);
  // Its own clock wrote that date, and may be hours off ours.
  const now = httpDateMs(String(headers["date"] ?? "")) ?? wallMs;
  const wait = amount(millis, 1) ?? amount(after, 1000) ?? (until && Math.max(0, until - now));
  return wait && Math.min(wait, limits.upstreamPauseMsMax);
}

function amount(text: string, unitMs: number): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) * unitMs : undefined;
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
