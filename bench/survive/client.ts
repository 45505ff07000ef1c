import { Pool } from "undici";
import { questionOf, story } from "./story.ts";

/** What became of one request, as an application sees it. */
export interface Outcome {
  /**
   * "whole": complete, exact, in order, once, with an honest end. "error": the application was told that it failed.
   * "silent": it failed and looks as if it had not. "timeout": it said nothing more within the client's patience.
   */
  readonly end: "whole" | "error" | "silent" | "timeout";
  readonly latencyMs: number;
  readonly firstMs: number;
  /** Longest time between two pieces of content. */
  readonly gapMs: number;
  /** Did any content come? */
  readonly begun: boolean;
  /** Who spoke after whom, where the answer says so: its name, and how many tokens had come before. */
  readonly speakers: ReadonlyArray<{ readonly name: string; readonly before: number }>;
}

export interface Question {
  readonly number: number;
  readonly tokens: number;
  readonly stream: boolean;
  readonly timeoutMs: number;
  /** Patience until the first content, ms, where it is another. */
  readonly firstTimeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Kept connections to one base URL, and requests over them: as lean as a client can be, so that others are measured. */
export class Client {
  readonly #pool: Pool;
  readonly #path: string;

  constructor(base: string) {
    const { origin, pathname } = new URL(base);
    this.#pool = new Pool(origin, { connections: 256, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });
    this.#path = `${pathname.replace(/\/$/, "")}/chat/completions`;
  }

  ask(question: Question): Promise<Outcome> {
    return new Promise((resolve) => {
      const answer = new Answer(question, resolve);
      const timer = setTimeout(() => answer.late(), question.timeoutMs);
      const first = setTimeout(() => answer.late("unbegun"), question.firstTimeoutMs ?? question.timeoutMs);
      answer.onEnd = () => {
        clearTimeout(timer);
        clearTimeout(first);
      };
      this.#pool.dispatch({ ...requestOf(question), path: this.#path }, answer);
    });
  }

  /** The same as most programs do it, with undici's own `request`: time to the first content and in all, ms. */
  async read(question: Question): Promise<{ firstMs: number; latencyMs: number }> {
    const begun = performance.now();
    const { statusCode, body } = await this.#pool.request({ ...requestOf(question), path: this.#path });
    let firstMs = Number.NaN;
    let text = "";
    for await (const part of body.setEncoding("utf8")) {
      text += part;
      if (Number.isNaN(firstMs) && hasContent(text)) firstMs = performance.now() - begun;
    }
    const end = judge(statusCode, text, question);
    if (end !== "whole") throw new Error(`an answer ended in ${end} (status ${statusCode})`);
    return { firstMs, latencyMs: performance.now() - begun };
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

function requestOf({ number, tokens, stream, headers }: Question) {
  const messages = [{ role: "user", content: questionOf(number) }];
  return {
    method: "POST" as const,
    headers: { "content-type": "application/json", authorization: "Bearer none", ...headers },
    body: JSON.stringify({ model: "known", messages, max_tokens: tokens, temperature: 0, stream }),
  };
}

class Answer {
  onEnd = () => {};
  readonly #question: Question;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #begunAt = performance.now();
  readonly #parts: Buffer[] = [];
  #controller: { abort(reason: Error): void } | undefined;
  #status = 0;
  #firstAt = Number.NaN;
  #lastAt = Number.NaN;
  #gapMs = 0;
  #over = false;

  constructor(question: Question, resolve: (outcome: Outcome) => void) {
    this.#question = question;
    this.#resolve = resolve;
  }

  onRequestStart(controller: { abort(reason: Error): void }): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new Error("too late"));
  }

  onResponseStart(_: unknown, status: number): void {
    this.#status = status;
  }

  onResponseData(_: unknown, part: Buffer): void {
    this.#parts.push(part);
    if (
      !part.includes('"content":"') ||
      (Number.isNaN(this.#firstAt) && !hasContent(part.toString("latin1")))
    ) {
      return;
    }
    const now = performance.now();
    if (Number.isNaN(this.#firstAt)) this.#firstAt = now;
    else this.#gapMs = Math.max(this.#gapMs, now - this.#lastAt);
    this.#lastAt = now;
  }

  onResponseEnd(): void {
    this.#end(judge(this.#status, Buffer.concat(this.#parts).toString(), this.#question));
  }

  onResponseError(): void {
    this.#end("error");
  }

  late(only?: "unbegun"): void {
    if (only === "unbegun" && !Number.isNaN(this.#firstAt)) return;
    this.#end("timeout");
    this.#controller?.abort(new Error("too late"));
  }

  #end(end: Outcome["end"]): void {
    if (this.#over) return;
    this.#over = true;
    this.onEnd();
    const latencyMs = performance.now() - this.#begunAt;
    const begun = !Number.isNaN(this.#firstAt);
    const firstMs = begun ? this.#firstAt - this.#begunAt : latencyMs;
    const speakers = begun && this.#question.stream ? speakersIn(Buffer.concat(this.#parts).toString()) : [];
    this.#resolve({ end, latencyMs, firstMs, gapMs: this.#gapMs, begun, speakers });
  }
}

function judge(status: number, body: string, { number, tokens, stream }: Question): Outcome["end"] {
  if (status !== 200) return "error";
  const expected = story(number, tokens).join("");
  try {
    if (!stream) return isWhole(JSON.parse(body).choices[0], expected) ? "whole" : "silent";
    return judgeStream(body, expected);
  } catch {
    // What is not JSON crashes the official client: the application is told.
    return "error";
  }
}

function hasContent(text: string): boolean {
  return /"content":"[^"]/.test(text);
}

function isWhole(choice: { message: { content: string }; finish_reason: string }, expected: string): boolean {
  return choice.message.content === expected && choice.finish_reason === "stop";
}

/** As the official client reads it: a stream that just stops looks like success to it. */
function judgeStream(body: string, expected: string): "whole" | "error" | "silent" {
  let text = "";
  let finish: string | undefined;
  let done = false;
  for (const part of body.split("\n\n")) {
    if (!part.startsWith("data:")) continue;
    const data = part.slice(5).trim();
    if (data === "[DONE]") {
      done = true;
      continue;
    }
    const chunk = JSON.parse(data);
    if (chunk.error) return "error";
    const choice = chunk.choices?.[0];
    text += choice?.delta?.content ?? "";
    finish = choice?.finish_reason ?? finish;
  }
  return text === expected && finish === "stop" && done ? "whole" : "silent";
}

/** Holdfast names whoever begins to speak in an answer. */
function speakersIn(body: string): Array<{ name: string; before: number }> {
  const events = body.split("\n\n").filter((event) => hasContent(event));
  return events.flatMap((event, before) => {
    const name = /"executor":"([^"]+)"/.exec(event)?.[1];
    return name === undefined ? [] : [{ name, before }];
  });
}
