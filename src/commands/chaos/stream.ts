import { type Agent, request } from "node:http";
import { StringDecoder } from "node:string_decoder";
import { standingIn } from "../../protocol/standing.ts";

/** What one request asks for, and when it was due. */
export interface Question {
  readonly index: number;
  readonly content: string;
  readonly tokens: number;
  /** When it should have been sent, ms; latency counts from here, so that a late generator hides nothing. */
  readonly dueAt: number;
}

/** One piece of content as it reached the application. */
export interface Piece {
  readonly at: number;
  readonly words: number;
}

/** Who spoke from a moment on, as the stream itself said. */
export interface CastAt {
  readonly at: number;
  readonly executor: string;
  readonly witnesses: readonly string[];
}

/** One request and everything that came of it; times are monotonic ms. */
export interface Stream {
  readonly question: Question;
  readonly sentAt: number;
  readonly pieces: Piece[];
  readonly casts: CastAt[];
  text: string;
  /** When its last byte came, or it was given up; undefined while it runs. */
  endedAt: number | undefined;
  finish: string | undefined;
  done: boolean;
  /** Something came after the end. */
  overrun: boolean;
  /** Something came that is no event of this interface. */
  garbled: boolean;
  /** Code of the explicit error it ended in. */
  error: string | undefined;
  /** How many tokens stand, as that error said. */
  stands: number;
  end: "whole" | "cut" | "late" | "ours" | undefined;
}

export interface Target {
  /** Ends in `/v1`. */
  readonly url: string;
  readonly model: string;
  readonly holdMs?: number | undefined;
  readonly agent: Agent;
}

/**
 * Asks for one streamed answer. Ends as `whole` (HTTP's own end), `cut` (connection lost), or `late`, given up after
 * `msMax`; calls `over` once. Returns what gives it up: it then ends as `ours` and counts for nothing.
 */
export function ask(
  { url, model, holdMs, agent }: Target,
  question: Question,
  msMax: number,
  over: (stream: Stream) => void,
): { stream: Stream; giveUp: () => void } {
  const stream: Stream = {
    ...{ question, sentAt: performance.now(), pieces: [], casts: [], text: "", done: false, overrun: false },
    ...{ garbled: false, endedAt: undefined, finish: undefined, error: undefined, stands: 0, end: undefined },
  };
  const end = (how: NonNullable<Stream["end"]>) => {
    if (stream.end !== undefined) return;
    stream.end = how;
    stream.endedAt = performance.now();
    clearTimeout(late);
    over(stream);
    // What is whole leaves its connection to the next.
    if (how !== "whole") outgoing.destroy();
  };
  const late = setTimeout(() => end("late"), msMax);
  const outgoing = request(`${url}/chat/completions`, {
    ...{ method: "POST", agent, headers: { "content-type": "application/json" } },
  });
  outgoing.on("error", () => end("cut"));
  outgoing.on("response", (response) => {
    const decoder = new StringDecoder("utf8");
    const status = response.statusCode ?? 0;
    let rest = "";
    response.on("data", (bytes: Buffer) => {
      rest += decoder.write(bytes);
      if (status !== 200) return;
      const events = rest.split("\n\n");
      rest = events.pop() ?? "";
      const at = performance.now();
      for (const event of events) hear(stream, event, at);
    });
    response.on("end", () => {
      if (status !== 200) stream.error = refusalCode(status, rest);
      end("whole");
    });
    response.on("error", () => end("cut"));
    response.on("close", () => end("cut"));
  });
  outgoing.end(
    JSON.stringify({
      ...{ model, stream: true, temperature: 0, max_tokens: question.tokens },
      messages: [{ role: "user", content: question.content }],
      ...(holdMs === undefined ? {} : { holdfast: { holdMs } }),
    }),
  );
  return { stream, giveUp: () => end("ours") };
}

interface Event {
  readonly choices?: ReadonlyArray<{
    readonly delta?: { readonly content?: string };
    readonly finish_reason?: string | null;
  }>;
  readonly holdfast?: {
    readonly executor?: string;
    readonly witnesses?: string[];
    readonly verdict?: string;
  };
  readonly error?: { readonly code?: string | null; readonly type?: string; readonly message?: string };
}

/** Takes in one event, as it came at this time. */
export function hear(stream: Stream, line: string, at: number): void {
  if (stream.done) stream.overrun = true;
  if (!line.startsWith("data: ")) return;
  if (line === "data: [DONE]") {
    stream.done = true;
    return;
  }
  const event = eventIn(line.slice("data: ".length));
  if (event === undefined) {
    stream.garbled = true;
    return;
  }
  const { choices, holdfast, error } = event;
  if (error !== undefined) {
    stream.error = error.code ?? error.type ?? "unnamed";
    stream.stands = standingIn(error.message ?? "");
  }
  if (holdfast?.executor !== undefined && holdfast.verdict === undefined)
    stream.casts.push({ at, executor: holdfast.executor, witnesses: holdfast.witnesses ?? [] });
  const [choice] = choices ?? [];
  stream.finish = choice?.finish_reason ?? stream.finish;
  const content = choice?.delta?.content;
  if (!content) return;
  stream.text += content;
  stream.pieces.push({ at, words: content.split(" ").length - 1 });
}

/** Undefined when it is no JSON object, or what is read of it has another form. */
function eventIn(data: string): Event | undefined {
  try {
    const event = JSON.parse(data) as Event | null;
    if (typeof event !== "object" || event === null) return undefined;
    const { choices = [] } = event;
    if (!Array.isArray(choices)) return undefined;
    const content: unknown = choices[0]?.delta?.content ?? "";
    return typeof content === "string" ? event : undefined;
  } catch {
    return undefined;
  }
}

function refusalCode(status: number, body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: { code?: string | null } };
    return error?.code ?? `http ${status}`;
  } catch {
    return `http ${status}`;
  }
}
