import { firstAgreement } from "../../../domain/continuation/agreement.ts";
import { type Traits, traitsOf } from "../../../domain/continuation/traits.ts";
import { withMember } from "../../../protocol/json-edit.ts";
import { limits } from "../../../protocol/limits.ts";
import { type HoldfastEnd, type Refusal, serverError } from "../../../protocol/openai.ts";
import { answerKey } from "../../../protocol/openai-answer.ts";
import { Attempt, type AttemptListener, type RefusedResponse, type StreamPiece } from "./attempt.ts";
import { StreamDelivery } from "./delivery.ts";
import { type FailedAttempt, type FailureCode, nobodyAnswered } from "./failure.ts";
import type { AttemptFault } from "./fault.ts";
import type { JobOptions, JobPorts } from "./job.ts";
import type { Member } from "./member.ts";
import { requestFor } from "./request.ts";
import { Watch } from "./watch.ts";

interface Answered {
  readonly attempt: Attempt;
  readonly pieces: readonly StreamPiece[];
  readonly body: string;
  readonly key: string;
}

/**
 * One answer that nobody sees before two upstreams gave it word for word. Each mismatch asks one more; without two
 * equal texts the end is an explicit error. Only for deterministic requests: others may honestly differ.
 */
export class WitnessedJob implements AttemptListener {
  readonly #ports: JobPorts;
  readonly #options: JobOptions;
  readonly #traits: Traits;
  readonly #streaming: boolean;
  readonly #watch: Watch;
  readonly #cancelDeadline: () => void;
  readonly #attempts = new Map<number, Attempt>();
  readonly #pieces = new Map<Attempt, StreamPiece[]>();
  readonly #tried = new Map<Member, number>();
  readonly #answered: Answered[] = [];
  readonly #faults: FailedAttempt[] = [];
  #asked = 0;
  #over = false;

  constructor(ports: JobPorts, options: JobOptions) {
    this.#ports = ports;
    this.#options = options;
    const { call, fleet, deadlineMs } = options;
    this.#traits = traitsOf(call.endpoint, call.body);
    this.#streaming = call.body["stream"] === true;
    this.#watch = new Watch(ports.clock, {
      fleet,
      requestChars: call.raw.length,
      streaming: this.#streaming,
      attempts: this.#attempts,
      answer: () => ({
        over: this.#over,
        begun: false,
        fruitless: this.#asked - this.#options.holdfast.witnesses,
      }),
      silent: () => this.#recruit(),
      stalled: () => {},
    });
    this.#cancelDeadline = ports.clock.after(deadlineMs, () => this.#fail("deadline"));
  }

  begin(): void {
    this.#options.call.reply.onAbort(() => this.#end());
    for (let count = 0; count <= this.#options.holdfast.witnesses; count++) this.#recruit();
    this.#judge();
  }

  close(): void {
    this.#fail("closing");
  }

  content(attempt: Attempt, piece: StreamPiece): void {
    this.#watch.heard(attempt);
    this.#pieces.get(attempt)?.push(piece);
  }

  filler(attempt: Attempt, piece: StreamPiece): void {
    this.#pieces.get(attempt)?.push(piece);
  }

  flush(): void {}

  complete(attempt: Attempt, { held, body }: { held: readonly StreamPiece[]; body: string }): void {
    const pieces = [...(this.#pieces.get(attempt) ?? []), ...held];
    this.#attempts.delete(attempt.id);
    attempt.member.endedWell(attempt.startedAt);
    if (!this.#streaming) attempt.member.heardAfter("whole", this.#ports.clock.now() - attempt.startedAt);
    const parts = this.#streaming ? pieces.flatMap(({ data }) => data ?? []) : [body];
    this.#answered.push({ attempt, pieces, body, key: answerKey(parts) });
    this.#judge();
  }

  refused(attempt: Attempt, { status, body, contentType }: RefusedResponse): void {
    if (this.#over) return;
    this.#attempts.delete(attempt.id);
    this.#tried.set(attempt.member, Number.POSITIVE_INFINITY);
    // Others may still take what this one finds too long or does not know.
    if (this.#attempts.size + this.#answered.length > 0) return this.#judge();
    this.#end();
    this.#options.call.reply.text(status, body, { "content-type": contentType });
  }

  lost(attempt: Attempt, fault: AttemptFault): void {
    const { member, startedAt } = attempt;
    this.#attempts.delete(attempt.id);
    member.faulted(fault, startedAt, this.#ports.clock.now());
    this.#faults.push({ upstream: member.target.name, fault });
    if (fault.code === "misconfigured") this.#tried.set(member, Number.POSITIVE_INFINITY);
    this.#recruit();
    this.#judge();
  }

  #judge(): void {
    if (this.#over) return;
    const agreement = firstAgreement(this.#answered.map(({ key }) => key));
    if (agreement !== undefined) {
      return this.#deliver(this.#answered[agreement[0]]!, this.#answered[agreement[1]]!);
    }
    if (this.#attempts.size > 0) return;
    this.#recruit();
    if (this.#attempts.size === 0) this.#fail("nobody");
  }

  #recruit(): void {
    const { fleet, call, holdfast } = this.#options;
    if (this.#over || this.#asked >= limits.attemptsMax + holdfast.witnesses) return;
    // Nobody is its own witness: who answered or is answering is not asked again.
    const running = new Set(
      [...this.#attempts.values(), ...this.#answered.map(({ attempt }) => attempt)].map(
        ({ member }) => member,
      ),
    );
    const wanted = { model: call.body.model, said: "", traits: this.#traits, tried: this.#tried, running };
    const choice = fleet.choose(wanted, this.#ports.clock.now());
    if (choice === undefined) return;
    const { member, plan, style } = choice;
    const id = this.#asked++;
    this.#tried.set(member, (this.#tried.get(member) ?? 0) + 1);
    const attempt = new Attempt(this.#ports, { id, member, plan, style, streaming: this.#streaming }, this);
    this.#attempts.set(id, attempt);
    this.#pieces.set(attempt, []);
    this.#watch.began(attempt);
    attempt.send(requestFor(member.target, call, plan, style, 0));
  }

  #deliver(speaker: Answered, witness: Answered): void {
    const { id: job, holdfast, call } = this.#options;
    for (const { member, startedAt, reportedSilent } of this.#attempts.values()) {
      const fault = { code: "silent", detail: "others were quicker" } as const;
      if (reportedSilent) member.faulted(fault, startedAt, this.#ports.clock.now());
    }
    this.#end();
    const end: HoldfastEnd = {
      ...{ job, finality: holdfast.finality, verdict: "valid", basis: "text" },
      ...{ switches: 0, attempts: this.#asked },
    };
    if (!this.#streaming)
      return call.reply.text(200, withMember(speaker.body, "holdfast", JSON.stringify(end)));
    const executor = speaker.attempt.member.target.name;
    const start = { job, executor, witnesses: [witness.attempt.member.target.name] };
    const delivery = new StreamDelivery(call.reply);
    let started = false;
    for (const piece of speaker.pieces) {
      const { text = "", opaque = false, finished = false } = piece.facts ?? {};
      const first: boolean = !started && (text !== "" || opaque);
      started ||= first;
      const facts = first ? (finished ? { ...start, ...end } : start) : finished ? end : undefined;
      delivery.pass(
        piece,
        facts === undefined ? { cut: 0, foreign: false } : { cut: 0, foreign: false, facts },
      );
    }
    delivery.done();
  }

  #fail(code: FailureCode): void {
    if (this.#over) return;
    this.#end();
    const agreed = code === "nobody" && this.#answered.length > 0;
    const refusal: Refusal = agreed ? this.#noAgreement() : nobodyAnswered(this.#faults, code);
    const facts = { job: this.#options.id, code: refusal.code, attempts: this.#asked };
    this.#ports.log.warn("answer failed", facts);
    this.#options.call.reply.refuse(refusal);
  }

  #noAgreement(): Refusal {
    const names = this.#answered.map(({ attempt }) => attempt.member.target.name).join(", ");
    const message =
      `No two upstreams gave the same answer (${names} answered, each another text or alone). ` +
      "Ask for fewer witnesses, or add an upstream with the same model.";
    return serverError(502, message, "no_agreement");
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelDeadline();
    this.#watch.stop();
    for (const attempt of this.#attempts.values()) attempt.abort();
    this.#attempts.clear();
    this.#options.over();
  }
}
