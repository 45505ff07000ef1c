import { StringDecoder } from "node:string_decoder";
import { Pool } from "undici";
import type { Piece } from "../../src/commands/chaos/stream.ts";
import { endOf, type Heard, type Outcome, type Speaker } from "./outcome.ts";
import { questionOf } from "./story.ts";

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
    const end = endOf({ status: statusCode, body: text, how: "whole" }, question);
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

/** One answer as it comes, event by event. */
class Answer {
  onEnd = () => {};
  readonly #question: Question;
  readonly #resolve: (outcome: Outcome) => void;
  readonly #begunAt = performance.now();
  readonly #decoder = new StringDecoder("utf8");
  readonly #events: string[] = [];
  readonly #pieces: Piece[] = [];
  readonly #speakers: Speaker[] = [];
  #rest = "";
  #words = 0;
  #controller: { abort(reason: Error): void } | undefined;
  #status = 0;
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
    const at = performance.now();
    const events = (this.#rest + this.#decoder.write(part)).split("\n\n");
    this.#rest = events.pop() ?? "";
    for (const event of events) {
      this.#events.push(event);
      const said = contentIn(event);
      if (said === undefined) continue;
      // Holdfast names whoever begins to speak in an answer.
      const name = /"executor":"([^"]+)"/.exec(event)?.[1];
      if (name !== undefined) this.#speakers.push({ name, before: this.#words, at });
      const words = said.trim().split(" ").length;
      this.#words += words;
      this.#pieces.push({ at, words });
    }
  }

  onResponseEnd(): void {
    // The last event may lack the blank line after it.
    this.#events.push(this.#rest);
    this.#end("whole");
  }

  onResponseError(): void {
    this.#end("cut");
  }

  late(only?: "unbegun"): void {
    if (only === "unbegun" && this.#pieces.length > 0) return;
    this.#end("late");
    this.#controller?.abort(new Error("too late"));
  }

  #end(how: Heard["how"]): void {
    if (this.#over) return;
    this.#over = true;
    this.onEnd();
    const end = endOf({ status: this.#status, body: this.#events.join("\n\n"), how }, this.#question);
    const latencyMs = performance.now() - this.#begunAt;
    this.#resolve({ end, latencyMs, pieces: this.#pieces, speakers: this.#speakers });
  }
}

/** Undefined where there is none, or an empty one. */
function contentIn(event: string): string | undefined {
  return /"content":"((?:[^"\\]|\\.)+)"/.exec(event)?.[1];
}

function hasContent(text: string): boolean {
  return /"content":"[^"]/.test(text);
}
