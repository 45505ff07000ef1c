import type { Plan } from "../../../domain/continuation/plan.ts";
import type { Ms } from "../../../domain/ids.ts";
import { type Rhythm, rhythmUnknown } from "../../../domain/inference/rhythm.ts";
import type {
  Clock,
  UpstreamExchange,
  UpstreamHandlers,
  UpstreamRequest,
  Upstreams,
} from "../../../ports.ts";
import { limits } from "../../../protocol/limits.ts";
import { sseEvent } from "../../../protocol/openai.ts";
import { type ChunkFacts, readChunk, withoutChoices } from "../../../protocol/openai-chunk.ts";
import { type SseEvent, SseSplitter } from "../../../protocol/sse.ts";
import { type AttemptFault, judgeStatus } from "./fault.ts";
import type { Member } from "./member.ts";
import type { PrefillStyle } from "./request.ts";
import { wholeAnswer } from "./whole.ts";

/** One event of an upstream's stream, read once. */
export interface StreamPiece extends SseEvent {
  /** Undefined for comments. */
  readonly facts: ChunkFacts | undefined;
}

export interface AttemptListener {
  /** An event with content, or with something else of substance. */
  content(attempt: Attempt, piece: StreamPiece): void;
  /** A role, a comment, statistics: nothing by which an answer has begun. */
  filler(attempt: Attempt, piece: StreamPiece): void;
  /** All events of one network read were handed over. */
  flush(attempt: Attempt): void;
  /** The answer is complete. `held`: the events from its `finish_reason` on, or the body that is the answer. */
  complete(attempt: Attempt, answer: { held: readonly StreamPiece[]; body: string }): void;
  /** The upstream says that the application's request is wrong. */
  refused(attempt: Attempt, response: RefusedResponse): void;
  lost(attempt: Attempt, fault: AttemptFault): void;
}

export interface RefusedResponse {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
  /** It has no such model. */
  readonly lacks: boolean;
}

export interface AttemptPorts {
  readonly upstreams: Upstreams;
  readonly clock: Clock;
}

interface AttemptOptions {
  readonly id: number;
  readonly member: Member;
  readonly plan: Plan;
  readonly style: PrefillStyle;
  readonly streaming: boolean;
  /** Answers asked for at once. */
  readonly choices: number;
}

/** One exchange with one upstream: reads what comes, says what it means, ends exactly once. */
export class Attempt implements UpstreamHandlers {
  readonly id: number;
  readonly member: Member;
  readonly plan: Plan;
  readonly style: PrefillStyle;
  /** Tokens of the answer that its plan gives it, as nearly as is known. */
  given = 0;
  readonly startedAt: Ms;
  /** Last sign of life with substance, or the start. */
  lastAt: Ms;
  spoke = false;
  /** How quickly it speaks, ms per character. */
  pace: Rhythm = rhythmUnknown;
  /** Told the job's rules that it is silent. */
  reportedSilent = false;
  /** It is silent, and nobody may be asked beside it until then. */
  heldUntil: Ms = Number.NEGATIVE_INFINITY;
  /** Speaks for the answer: what it says is passed on. */
  leads = false;
  /** Took over an answer that others had begun. */
  successor = false;
  /** Came before any content: passed on with the first of it, or forgotten. */
  preamble: StreamPiece[] = [];

  readonly #ports: AttemptPorts;
  readonly #listener: AttemptListener;
  readonly #streaming: boolean;
  readonly #choices: number;
  readonly #splitter = new SseSplitter(limits.upstreamEventCharsMax);
  readonly #held: StreamPiece[] = [];
  #exchange: UpstreamExchange | undefined;
  #status = 0;
  #headers: Readonly<Record<string, string | string[] | undefined>> = {};
  #body = "";
  /** Choices that had their `finish_reason`. */
  readonly #finished = new Set<number>();
  #over = false;
  #answerOver = false;
  #seated = false;
  #cancelWait: (() => void) | undefined;

  constructor(ports: AttemptPorts, options: AttemptOptions, listener: AttemptListener) {
    this.id = options.id;
    this.member = options.member;
    this.plan = options.plan;
    this.style = options.style;
    this.startedAt = ports.clock.now();
    this.lastAt = this.startedAt;
    this.#streaming = options.streaming;
    this.#choices = options.choices;
    this.#ports = ports;
    this.#listener = listener;
  }

  send(request: UpstreamRequest): void {
    this.member.running += 1;
    this.#seated = true;
    if (this.#streaming) {
      this.member.streams += 1;
      this.member.askedAt = this.startedAt;
    }
    this.#exchange = this.#ports.upstreams.send(request, this);
  }

  /** Ends it from our side; the listener hears nothing more. */
  abort(): void {
    if (this.#over) return;
    this.#settle();
    this.#exchange?.abort();
  }

  /** Nothing was heard of it for too long. */
  giveUp(): void {
    this.#lose({ code: "silent", detail: "nothing was heard of it" });
  }

  answered(status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void {
    this.#status = status;
    this.#headers = headers;
    if (this.#isStream() && this.#contentType().startsWith("application/json")) {
      this.#lose({ code: "garbage", detail: "a whole body where a stream was asked for" });
    }
  }

  piece(text: string): void {
    if (this.#over || this.#answerOver) return;
    if (this.#isStream()) return this.#pieceOfStream(text);
    this.#body += text;
    const ok = this.#status >= 200 && this.#status < 300;
    // Cut, it would be passed on as if it were whole.
    if (!ok && this.#body.length > limits.upstreamErrorCharsMax)
      this.#lose({ code: "garbage", detail: "an endless error" });
  }

  ended(): void {
    if (this.#over) return;
    if (this.#answerOver) return this.#settle();
    if (this.#isStream()) {
      // Some servers leave out the blank line after the very last event, or the event.
      if (this.#saidAll || /^data: ?\[DONE\]\s*$/.test(this.#splitter.rest)) return this.#done();
      return this.#lose({ code: "cut", detail: "the stream ended without finish_reason" });
    }
    const judged = judgeStatus(this.#status, this.#headers, this.#body, this.#ports.clock.wall());
    if (judged === "answer") return this.#wholeBody();
    if (typeof judged === "object") return this.#lose(judged);
    this.#settle();
    this.#listener.refused(this, {
      status: this.#status,
      body: this.#body,
      contentType: this.#contentType(),
      lacks: judged === "lacks",
    });
  }

  failed(fault: AttemptFault): void {
    if (this.#over) return;
    if (this.#answerOver) this.#settle();
    else if (this.#saidAll) this.#done();
    else this.#lose(fault);
  }

  #pieceOfStream(text: string): void {
    const events = this.#splitter.push(text);
    if (events === "oversize") return this.#lose({ code: "garbage", detail: "an endless event" });
    for (const event of events) {
      this.#event(event);
      if (this.#over || this.#answerOver) return;
    }
    this.#listener.flush(this);
  }

  #event(event: SseEvent): void {
    if (event.data === "[DONE]") return this.#done();
    const facts = event.data === undefined ? undefined : readChunk(event.data);
    if (event.data !== undefined && facts === undefined) {
      return this.#lose({ code: "garbage", detail: "an event that is not a chunk" });
    }
    if (event.name === "error" || facts?.error === true) {
      return this.#lose({ code: "error-event", detail: "an error inside the stream" });
    }
    const piece = this.#unended({ raw: event.raw, data: event.data, name: event.name, facts });
    if (piece === undefined) return;
    const { text = "", opaque = false, ends = [] } = piece.facts ?? {};
    for (const index of ends) this.#finished.add(index);
    const substance = text !== "" || opaque;
    // The end is passed on only when it is known to be one. Of several choices, others may go on after one ended.
    if (ends.length > 0 || (this.#finished.size > 0 && !substance)) this.#held.push(piece);
    else if (substance) this.#listener.content(this, piece);
    else this.#listener.filler(this, piece);
    if (ends.length > 0 && this.#saidAll) this.#awaitDone();
    if (this.#held.length + this.preamble.length > limits.upstreamEventsKeptMax) {
      this.#lose({ code: "garbage", detail: "too many events without content" });
    }
  }

  /** Without what comes for a choice after its end: whoever stops reading there has the same answer as all others. */
  #unended(piece: StreamPiece): StreamPiece | undefined {
    const { data, name, facts } = piece;
    if (data === undefined || !facts?.choices.some((index) => this.#finished.has(index))) return piece;
    const left = withoutChoices(data, this.#finished);
    return left === undefined ? undefined : { raw: sseEvent(left), data: left, name, facts: readChunk(left) };
  }

  /** Has every choice come to its end? */
  get #saidAll(): boolean {
    return this.#finished.size >= this.#choices;
  }

  /** Nothing is left to say but how much it was. Nobody else is asked to go on with it meanwhile. */
  #awaitDone(): void {
    this.heldUntil = Number.POSITIVE_INFINITY;
    this.#cancelWait ??= this.#ports.clock.after(lingerMs, () => this.#done());
  }

  #done(): void {
    if (this.#finished.size === 0) return this.#lose({ code: "cut", detail: "[DONE] without finish_reason" });
    this.#answerOver = true;
    this.#leaveSeat();
    // The connection is kept for others if the body now ends; a server that leaves it open loses it.
    this.#cancelWait?.();
    this.#cancelWait = this.#ports.clock.after(lingerMs, () => this.abort());
    this.#listener.complete(this, { held: this.#held, body: "" });
  }

  #wholeBody(): void {
    const fault = wholeAnswer(this.#body);
    if (fault !== undefined) return this.#lose(fault);
    this.#answerOver = true;
    this.#settle();
    this.#listener.complete(this, { held: [], body: this.#body });
  }

  #lose(fault: AttemptFault): void {
    if (this.#over) return;
    this.abort();
    this.#listener.lost(this, fault);
  }

  #settle(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelWait?.();
    this.#leaveSeat();
    if (this.#streaming) this.member.streams -= 1;
    if (this.spoke) this.member.speaking -= 1;
  }

  /** Another answer may begin there: whoever has said everything is at work no more, even if its body has yet to end. */
  #leaveSeat(): void {
    if (this.#seated) this.member.running -= 1;
    this.#seated = false;
  }

  #isStream(): boolean {
    return this.#streaming && this.#status >= 200 && this.#status < 300;
  }

  #contentType(): string {
    return String(this.#headers["content-type"] ?? "application/json");
  }
}

/** Time `[DONE]` may take after the last `finish_reason`, and the body's end after that, ms. */
const lingerMs = 1_000;
