/** One streamed chat answer, read as it comes, with the time of every piece. */
export interface Streamed {
  readonly text: string;
  /** When each piece of content came, ms since the request was sent. */
  readonly times: readonly number[];
  readonly tookMs: number;
  readonly done: boolean;
  readonly finish: string | undefined;
  readonly error: { message: string; code: string } | undefined;
  /** `holdfast` of the first content chunk and of the first one after each switch. */
  readonly casts: ReadonlyArray<{ job: string; executor: string; witnesses: string[] }>;
  readonly end: StreamEnd | undefined;
  readonly usage: { prompt_tokens: number; completion_tokens: number } | undefined;
}

export interface StreamEnd {
  readonly verdict: string;
  readonly basis: string;
  readonly switches: number;
  readonly attempts: number;
  readonly acceptedShare: number;
  readonly witnesses: string[];
  readonly sampled?: string[];
  readonly notChecked?: string[];
  readonly receipt?: string;
}

/** Called with every piece of content; `text` is all so far, `executor` who speaks. */
export type OnPiece = (text: string, executor: string) => void;

export async function streamChat(
  url: string,
  body: Record<string, unknown>,
  options: { onPiece?: OnPiece; signal?: AbortSignal } = {},
): Promise<Streamed> {
  const begun = performance.now();
  const response = await fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ stream: true, stream_options: { include_usage: true }, ...body }),
    ...(options.signal && { signal: options.signal }),
  });
  if (!response.ok) throw new Error(`the gateway answered ${response.status}: ${await response.text()}`);
  const seen: { -readonly [K in keyof Streamed]: Streamed[K] } & {
    times: number[];
    casts: Streamed["casts"][number][];
  } = {
    ...{ text: "", times: [], tookMs: 0, done: false, finish: undefined, error: undefined },
    ...{ casts: [], end: undefined, usage: undefined },
  };
  let rest = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    const events = (rest + piece).split("\n\n");
    rest = events.pop()!;
    for (const event of events) read(event.slice("data: ".length));
  }
  seen.tookMs = performance.now() - begun;
  return seen;

  function read(data: string): void {
    if (data === "[DONE]") {
      seen.done = true;
      return;
    }
    const event = JSON.parse(data);
    seen.error = event.error ?? seen.error;
    seen.usage = event.usage ?? seen.usage;
    if (event.holdfast?.verdict) seen.end = event.holdfast;
    else if (event.holdfast) seen.casts = [...seen.casts, event.holdfast];
    const [choice] = event.choices ?? [];
    seen.finish = choice?.finish_reason ?? seen.finish;
    if (!choice?.delta?.content) return;
    seen.text += choice.delta.content;
    seen.times.push(performance.now() - begun);
    options.onPiece?.(seen.text, seen.casts.at(-1)?.executor ?? "");
  }
}
