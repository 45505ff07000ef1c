/** What an application saw of one answer, read without any client library. */
export interface Seen {
  readonly status: number;
  readonly headers: Headers;
  readonly raw: string;
  /** Parsed events of a stream, [DONE] left out; or the one body. */
  // biome-ignore lint/suspicious/noExplicitAny: a test looks wherever it likes.
  readonly parts: any[];
  readonly text: string;
  readonly done: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly error: any;
  readonly finish: string | undefined;
  /** Executors in the order in which they took over. */
  readonly executors: string[];
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  readonly end: any;
}

const chatBody = { model: "known", messages: [{ role: "user", content: "Tell me about the fox." }] };

/** Asks for a chat answer; `body` is added to a plain question (or sent as it is when it is a string). */
export async function ask(
  gateway: string,
  body: object | string = {},
  options: { headers?: Record<string, string>; path?: string; signal?: AbortSignal } = {},
): Promise<Seen> {
  const response = await fetch(`${gateway}/v1/${options.path ?? "chat/completions"}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...options.headers },
    body: typeof body === "string" ? body : JSON.stringify({ ...chatBody, ...body }),
    ...(options.signal && { signal: options.signal }),
  });
  const raw = await response.text();
  const streamed = response.headers.get("content-type")?.startsWith("text/event-stream") === true;
  const data = streamed
    ? raw.split("\n\n").flatMap((event) => (event.startsWith("data: ") ? [event.slice(6)] : []))
    : [raw];
  const parts = data.filter((one) => one !== "[DONE]").map((one) => JSON.parse(one));
  const choices = parts.flatMap((part) => part.choices ?? []);
  return {
    ...{ status: response.status, headers: response.headers, raw, parts },
    text: choices.map((one) => one.delta?.content ?? one.message?.content ?? one.text ?? "").join(""),
    done: data.at(-1) === "[DONE]",
    error: parts.at(-1)?.error,
    finish: choices.findLast((one) => one.finish_reason)?.finish_reason,
    executors: parts.flatMap((part) => part.holdfast?.executor ?? []),
    end: parts.findLast((part) => part.holdfast?.verdict)?.holdfast,
  };
}

export const silentLog = { debug() {}, info() {}, warn() {}, error() {} };
