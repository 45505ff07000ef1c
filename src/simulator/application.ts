import type { Reply } from "../ports.ts";
import type { Refusal } from "../protocol/openai.ts";

/** What one simulated application saw of its answer: the wire, and what a client makes of it. */
export interface Seen {
  text: string;
  finish: string | undefined;
  error: { readonly code: string | null; readonly message: string } | undefined;
  verdict: string | undefined;
  switches: number;
  /** Executors that were told to speak. */
  attempts: number;
  /** Who speaks and who witnesses, by the last that was said of it. */
  cast: { readonly executor: string; readonly witnesses: readonly string[] } | undefined;
  done: boolean;
  /** Ends of any kind, `[DONE]`s, refusals: each answer has exactly one. */
  ends: number;
  /** Deliveries after an end. */
  late: number;
  readonly times: number[];
  /** Every event of a stream, `[DONE]` left out; or the one body. */
  readonly events: Array<Record<string, unknown>>;
  status: number | undefined;
}

export interface ApplicationOptions {
  /** Keep every event of the stream. */
  readonly events: boolean;
  /** Called with each end. */
  readonly ended: () => void;
}

export interface Application {
  readonly seen: Seen;
  readonly reply: Reply;
  readonly hangUp: () => void;
  /** The connection to the gateway breaks: a client knows that this is no end. */
  readonly cutOff: () => void;
}

export function createApplication(now: () => number, options: ApplicationOptions): Application {
  const seen: Seen = {
    ...{ text: "", finish: undefined, error: undefined, verdict: undefined, switches: 0, attempts: 0 },
    ...{ cast: undefined, done: false, ends: 0, late: 0, times: [], events: [], status: undefined },
  };
  let abort: () => void = () => {};
  let isCutOff = false;
  const end = () => {
    seen.ends += 1;
    options.ended();
  };
  const reply: Reply = {
    refuse(refusal: Refusal) {
      if (isCutOff) return;
      seen.error = { code: refusal.code, message: refusal.message };
      seen.status = refusal.status;
      seen.events.push({ error: refusal });
      end();
    },
    json(status, body) {
      if (isCutOff) return;
      seen.status = status;
      seen.events.push(body as Record<string, unknown>);
      end();
    },
    text(status, body) {
      if (isCutOff) return;
      if (status >= 400) seen.error = { code: String(status), message: body };
      seen.status = status;
      end();
    },
    stream: () => {},
    write(piece) {
      if (isCutOff) return;
      if (seen.ends > 0) seen.late += 1;
      for (const event of piece.split("\n\n")) {
        if (event.startsWith("data: ")) read(seen, event.slice(6), now(), options.events);
      }
    },
    end() {
      if (!isCutOff) end();
    },
    onAbort(listener) {
      abort = listener;
    },
  };
  return {
    seen,
    reply,
    hangUp: () => abort(),
    cutOff() {
      if (seen.ends > 0) return;
      isCutOff = true;
      seen.error = { code: "connection", message: "the connection to the gateway broke" };
      end();
    },
  };
}

function read(seen: Seen, data: string, now: number, keep: boolean): void {
  if (data === "[DONE]") {
    seen.done = true;
    return;
  }
  const event = JSON.parse(data);
  if (keep) seen.events.push(event);
  if (event.error !== undefined) {
    seen.error = event.error;
    return;
  }
  const [choice] = event.choices;
  if (choice?.delta?.content) {
    seen.text += choice.delta.content;
    seen.times.push(now);
    if (event.holdfast?.executor !== undefined) seen.cast = event.holdfast;
  }
  if (choice?.finish_reason) {
    seen.finish = choice.finish_reason;
    seen.verdict = event.holdfast.verdict;
    seen.switches = event.holdfast.switches;
    seen.attempts = event.holdfast.attempts;
  }
}
