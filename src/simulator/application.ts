import type { Reply } from "../ports.ts";
import type { Refusal } from "../protocol/openai.ts";

/** What one simulated application saw of its answer: the wire, and what a client makes of it. */
export interface Seen {
  text: string;
  finish: string | undefined;
  error: { readonly code: string | null; readonly message: string } | undefined;
  verdict: string | undefined;
  switches: number;
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

export function createApplication(now: () => number): { seen: Seen; reply: Reply; hangUp: () => void } {
  const seen: Seen = {
    ...{ text: "", finish: undefined, error: undefined, verdict: undefined, switches: 0, done: false },
    ...{ ends: 0, late: 0, times: [], events: [], status: undefined },
  };
  let abort: () => void = () => {};
  const reply: Reply = {
    refuse(refusal: Refusal) {
      seen.error = { code: refusal.code, message: refusal.message };
      seen.status = refusal.status;
      seen.events.push({ error: refusal });
      seen.ends += 1;
    },
    json(status, body) {
      seen.status = status;
      seen.events.push(body as Record<string, unknown>);
      seen.ends += 1;
    },
    text: () => {},
    stream: () => {},
    write(piece) {
      if (seen.ends > 0) seen.late += 1;
      for (const event of piece.split("\n\n"))
        if (event.startsWith("data: ")) read(seen, event.slice(6), now());
    },
    end() {
      seen.ends += 1;
    },
    onAbort(listener) {
      abort = listener;
    },
  };
  return { seen, reply, hangUp: () => abort() };
}

function read(seen: Seen, data: string, now: number): void {
  if (data === "[DONE]") {
    seen.done = true;
    return;
  }
  const event = JSON.parse(data);
  seen.events.push(event);
  if (event.error !== undefined) {
    seen.error = event.error;
    return;
  }
  const [choice] = event.choices;
  if (choice?.delta?.content) {
    seen.text += choice.delta.content;
    seen.times.push(now);
  }
  if (choice?.finish_reason) {
    seen.finish = choice.finish_reason;
    seen.verdict = event.holdfast.verdict;
    seen.switches = event.holdfast.switches;
  }
}
