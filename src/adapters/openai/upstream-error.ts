import { HoldfastError } from "../../protocol/errors.ts";

/**
 * What an upstream's refusal means here. Its own message is left out: servers quote prompts and keys in them. A short
 * machine-readable code is kept.
 */
export function refusal(status: number, body: string, retryAfter: string | undefined): HoldfastError {
  const theirs = theirCode(body);
  const facts = { status, ...(theirs === undefined ? {} : { code: theirs }) };
  if (theirs === "context_length_exceeded" || theirs === "exceed_context_size_error") {
    return new HoldfastError("The prompt does not fit the upstream's context window.", {
      code: "context-overflow",
      fault: "user",
      remedy: "Shorten the prompt or lower max_tokens.",
      facts,
    });
  }
  if (status === 401 || status === 403) {
    return new HoldfastError("The upstream refused this node's key.", {
      code: "upstream-auth",
      fault: "environment",
      remedy: "Check the environment variable that holds its key.",
      facts,
    });
  }
  if (status === 429) {
    const seconds = Number(retryAfter);
    return new HoldfastError("The upstream is busy.", {
      code: "busy",
      fault: "peer",
      retryable: true,
      facts: { ...facts, ...(Number.isFinite(seconds) ? { retryAfterMs: Math.max(0, seconds) * 1000 } : {}) },
    });
  }
  if (status === 404) {
    return new HoldfastError("The upstream knows no such model or path.", {
      code: "upstream-model",
      fault: "environment",
      remedy: "Check the model's name and that the URL ends where /chat/completions begins (usually in /v1).",
      facts,
    });
  }
  if (status >= 400 && status < 500) {
    return new HoldfastError("The upstream refused the request.", {
      code: "bad-request",
      fault: "user",
      facts,
    });
  }
  return new HoldfastError("The upstream failed.", {
    code: "upstream-failed",
    fault: "peer",
    retryable: true,
    facts,
  });
}

/** A connection that could not be made, or broke. The address is the operator's own and is not repeated. */
export function unreachable(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  return new HoldfastError("The connection to the upstream was lost.", {
    code: "upstream-unreachable",
    fault: "peer",
    retryable: true,
    facts: { reason: code },
    cause: error,
  });
}

/** What it sent is not what the API says. `what` never quotes it: it may be a piece of an answer. */
export function garbage(what: string): HoldfastError {
  return new HoldfastError(`The upstream sent ${what}.`, { code: "upstream-garbage", fault: "peer" });
}

function theirCode(body: string): string | undefined {
  try {
    const { error } = JSON.parse(body) as { error?: { code?: unknown; type?: unknown } };
    for (const code of [error?.code, error?.type]) {
      if (typeof code === "string" && /^[\w.-]{1,64}$/.test(code)) return code;
    }
  } catch {
    // Not JSON: a proxy's page, most likely.
  }
  return undefined;
}
