import {
  type Answer,
  type AnswerEffect,
  type AnswerEvent,
  newAnswer,
  step,
} from "../../../domain/continuation/answer.ts";
import { type Traits, traitsOf } from "../../../domain/continuation/traits.ts";
import type { Ms } from "../../../domain/ids.ts";
import type { HoldfastOptions } from "../../../protocol/holdfast-options.ts";
import { withMember } from "../../../protocol/json-edit.ts";
import { limits } from "../../../protocol/limits.ts";
import type { HoldfastEnd, HoldfastStart } from "../../../protocol/openai.ts";
import { type Call, spokenBy } from "../backend.ts";
import type { Attempt, AttemptListener, RefusedResponse, StreamPiece } from "./attempt.ts";
import { StreamDelivery } from "./delivery.ts";
import { answerBroke, type FailureCode, nobodyAnswered, waitForBusy } from "./failure.ts";
import type { AttemptFault } from "./fault.ts";
import type { Fleet } from "./fleet.ts";
import type { Member } from "./member.ts";
import { requestFor } from "./request.ts";
import { Roll, type RollPorts } from "./roll.ts";
import { Watch } from "./watch.ts";

export type JobPorts = RollPorts;

export interface JobOptions {
  readonly id: string;
  readonly fleet: Fleet;
  readonly call: Call;
  readonly holdfast: HoldfastOptions;
  readonly deadlineMs: number;
  /**
   * Some were only at capacity, and may have room after this wait. True: it ends without a word to the application,
   * since it will have another turn.
   */
  readonly putOff: (waitMs: Ms) => boolean;
  /** Called once, when nothing is under way any more. */
  readonly over: () => void;
}

/** One answer: performs what the rules of continuation decide, and tells them what happens. */
export class Job implements AttemptListener {
  readonly #ports: JobPorts;
  readonly #options: JobOptions;
  readonly #traits: Traits;
  readonly #streaming: boolean;
  readonly #delivery: StreamDelivery;
  readonly #watch: Watch;
  readonly #roll: Roll;
  #answer: Answer = newAnswer({
    attemptsMax: limits.attemptsMax,
    attemptsTotalMax: limits.upstreamAttemptsMax,
    atOnceMax: limits.upstreamAttemptsAtOnceMax,
    reliefsMax: limits.reliefsMax,
  });
  /** Length of the text after each piece delivered: how many tokens stand before a boundary. */
  readonly #pieceEnds: number[] = [];
  /** Refused one way of going on just now: the first to be asked in another. */
  #again: Member | undefined;
  #refusal: RefusedResponse | undefined;
  /** The event the rules are being told of. */
  #current: StreamPiece | undefined;
  /** The end of an answer, while the rules decide about it. */
  #ending: {
    readonly held: readonly StreamPiece[];
    readonly cuts: Map<StreamPiece, Cut>;
    readonly body: string;
  } = noEnding;

  constructor(ports: JobPorts, options: JobOptions) {
    this.#ports = ports;
    this.#options = options;
    const { call, deadlineMs, fleet } = options;
    this.#traits = traitsOf(call.endpoint, call.body);
    this.#streaming = call.body["stream"] === true;
    this.#delivery = new StreamDelivery(call.reply);
    this.#roll = new Roll(ports, { ...options, traits: this.#traits, listener: this });
    this.#watch = new Watch(ports.clock, {
      fleet,
      requestChars: call.raw.length,
      streaming: this.#streaming,
      attempts: this.#roll.attempts,
      deadlineMs,
      replaceable: call.replaceable === true,
      expired: (why) => this.#feed({ t: why }),
      answer: () => this.#answer,
      silent: (attempt) => this.#feed({ t: "silent", attempt: attempt.id }),
      slow: (attempt) => this.#feed({ t: "slow", attempt: attempt.id }),
    });
  }

  begin(): void {
    this.#options.call.reply.onAbort(() => this.#feed({ t: "hangup" }));
    this.#feed({ t: "begin" });
  }

  close(): void {
    this.#feed({ t: "closing" });
  }

  content(attempt: Attempt, piece: StreamPiece): void {
    this.#current = piece;
    const { text, opaque } = piece.facts!;
    this.#watch.heard(attempt, text.length);
    this.#feed({ t: "heard", attempt: attempt.id, text, opaque });
    if (this.#answer.speaker === attempt.id) this.#watch.weigh(attempt);
  }

  filler(attempt: Attempt, piece: StreamPiece): void {
    if (this.#answer.speaker !== attempt.id) attempt.preamble.push(piece);
    // A successor's own statistics and roles belong to another stream than the one the application sees.
    else if (!attempt.successor) this.#delivery.pass(piece, { cut: 0, foreign: false });
  }

  flush(): void {
    this.#delivery.flush();
  }

  complete(attempt: Attempt, { held, body }: { held: readonly StreamPiece[]; body: string }): void {
    this.#ending = { held, body, cuts: new Map() };
    for (const piece of held) {
      const { text, opaque } = piece.facts ?? { text: "", opaque: false };
      if (text === "" && !opaque) continue;
      // Text that comes with the end must fit what was said as any other does; it is written with the end.
      this.#ending.cuts.set(piece, { cut: text.length, start: false });
      this.content(attempt, piece);
    }
    this.#feed({ t: "finished", attempt: attempt.id });
    this.#ending = noEnding;
  }

  refused(attempt: Attempt, response: RefusedResponse): void {
    const { model } = this.#options.call.body;
    this.#refusal = response;
    if (response.lacks) {
      attempt.member.denied(model, this.#ports.clock.now());
      this.#roll.lacks(attempt, `status ${response.status}`);
    } else if (this.#answer.begun && attempt.plan.how === "prefill") {
      attempt.member.prefillRefused(model, attempt.style, this.#ports.clock.now());
      // The other style is no second try of the same thing.
      this.#roll.forgive(attempt);
      this.#again = attempt.member;
    }
    this.#feed({ t: "refused", attempt: attempt.id, lacks: response.lacks });
    this.#again = undefined;
  }

  lost(attempt: Attempt, fault: AttemptFault): void {
    if (!this.#roll.attempts.has(attempt.id)) return;
    this.#roll.blame(attempt, fault);
    this.#feed({ t: "lost", attempt: attempt.id });
  }

  #feed(event: AnswerEvent): void {
    const { state, effects } = step(this.#answer, event);
    const ended = state.over && !this.#answer.over;
    this.#answer = state;
    if (event.t === "lost" || event.t === "refused") this.#roll.gone(event.attempt);
    for (const effect of effects) this.#perform(effect);
    if (!ended) return;
    this.#watch.stop();
    this.#options.over();
  }

  #perform(effect: AnswerEffect): void {
    const { attempts } = this.#roll;
    switch (effect.t) {
      case "recruit":
        return this.#recruit();
      case "deliver":
        return this.#deliver(attempts.get(effect.attempt)!, effect);
      case "cancel":
        return this.#cancel(attempts.get(effect.attempt)!, effect.why);
      case "finish":
        return this.#finish(attempts.get(effect.attempt)!);
      case "fail":
        return this.#fail(effect.code);
      case "relay":
        return this.#delivery.relay(this.#refusal!);
    }
  }

  #recruit(): void {
    const { said, lacking } = this.#answer;
    const running = new Set([...this.#roll.attempts.values()].map(({ member }) => member));
    const attempt = this.#roll.next({ said, running, lacking: lacking > 0, again: this.#again });
    if (attempt === undefined) return this.#feed({ t: "nobody" });
    const { id, plan } = attempt;
    // An event is a token on nearly every server.
    attempt.given = this.#pieceEnds.filter((end) => end <= plan.prefix.length).length;
    this.#feed({ t: "asked", attempt: id, plan });
    this.#watch.began(attempt);
    attempt.send(requestFor(this.#options.call, attempt));
  }

  #deliver(attempt: Attempt, { from: cut, start }: { from: number; start: boolean }): void {
    const piece = this.#current!;
    if (start) this.#takesOver(attempt);
    this.#pieceEnds.push(this.#answer.said.length);
    if (this.#ending.cuts.has(piece)) {
      this.#ending.cuts.set(piece, { cut, start });
      return;
    }
    const passing = { cut, foreign: attempt.successor, given: attempt.given };
    this.#delivery.pass(piece, start ? { ...passing, facts: this.#startFacts(attempt) } : passing);
  }

  #takesOver(attempt: Attempt): void {
    const { call } = this.#options;
    attempt.leads = true;
    attempt.successor = this.#delivery.begun;
    if (attempt.successor) {
      const facts = { job: this.#options.id, to: attempt.member.target.name, how: attempt.plan.how };
      this.#ports.log.info("upstream switched", facts);
      if (attempt.plan.how === "prefill") attempt.member.prefillWorked(call.body.model, attempt.style);
      return;
    }
    for (const piece of attempt.preamble) this.#delivery.pass(piece, { cut: 0, foreign: false });
    attempt.preamble = [];
  }

  #cancel(attempt: Attempt, why: Extract<AnswerEffect, { t: "cancel" }>["why"]): void {
    attempt.abort();
    this.#roll.gone(attempt.id);
    const { call } = this.#options;
    const { speaker = Number.POSITIVE_INFINITY } = this.#answer;
    if (why === "overtaken") {
      // One that was asked before it had more time: that proves nothing against it.
      if (speaker > attempt.id) this.#roll.blame(attempt, { code: "silent", detail: "another was quicker" });
    } else if (why === "silent") {
      this.#roll.blame(attempt, { code: "silent", detail: "nothing was heard of it" });
    } else if (why === "differs") {
      const detail = `${attempt.plan.how} did not repeat what was said`;
      this.#roll.blame(attempt, { code: "differs", detail });
      if (attempt.plan.how === "prefill") {
        attempt.member.prefillMissed(call.body.model, attempt.style, this.#ports.clock.now());
      }
    }
  }

  #finish(attempt: Attempt): void {
    const { call } = this.#options;
    this.#roll.endedWell(attempt);
    this.#options.fleet.answered();
    this.#roll.gone(attempt.id);
    if (!this.#streaming) {
      attempt.member.heardAfter("whole", this.#ports.clock.now() - attempt.startedAt);
      call.reply.text(200, withMember(this.#ending.body, "holdfast", JSON.stringify(this.#endFacts(false))));
      return;
    }
    // An answer without any content, or one whose last words another had already said.
    if (!attempt.leads) this.#takesOver(attempt);
    const estimated = attempt.plan.how === "prefill" && this.#ending.held.some(({ facts }) => facts?.usage);
    for (const piece of this.#ending.held) {
      const { cut, start } = this.#ending.cuts.get(piece) ?? { cut: 0, start: false };
      const end = (piece.facts?.ends.length ?? 0) > 0 ? this.#endFacts(estimated) : undefined;
      const facts = start ? { ...this.#startFacts(attempt), ...end } : end;
      const passing = { cut, foreign: attempt.successor, given: attempt.given };
      this.#delivery.pass(piece, facts === undefined ? passing : { ...passing, facts });
    }
    this.#delivery.done();
  }

  #fail(code: FailureCode): void {
    const { id, putOff } = this.#options;
    const { faults } = this.#roll;
    const waitMs = waitForBusy(faults);
    if (code === "nobody" && !this.#delivery.begun && waitMs !== undefined && putOff(waitMs)) return;
    const offset = this.#answer.said.length;
    const refusal = this.#delivery.begun
      ? answerBroke(faults, code, { offset, obstacle: this.#traits.obstacle })
      : nobodyAnswered(faults, code);
    this.#ports.log.warn("answer failed", {
      job: id,
      code: refusal.code,
      attempts: this.#answer.asked,
      offset,
    });
    this.#delivery.fail(refusal);
  }

  #startFacts(attempt: Attempt): HoldfastStart {
    const { id: job, call } = this.#options;
    return { job, ...spokenBy(call), executor: attempt.member.target.name, witnesses: [] };
  }

  #endFacts(estimated: boolean): HoldfastEnd {
    const { id, call, holdfast } = this.#options;
    const { switches, asked: attempts } = this.#answer;
    return {
      job: id,
      ...spokenBy(call),
      finality: holdfast.finality,
      verdict: "inconclusive",
      basis: "none",
      ...(estimated ? { usage: "estimated" } : {}),
      switches,
      attempts,
    };
  }
}

interface Cut {
  readonly cut: number;
  readonly start: boolean;
}

const noEnding = { held: [], cuts: new Map<StreamPiece, Cut>(), body: "" };
