import {
  ended,
  joined,
  left,
  mayAgree,
  newAgreement,
  tellsExactly,
  told,
} from "../../../domain/continuation/agreement.ts";
import { type Traits, traitsOf } from "../../../domain/continuation/traits.ts";
import { withMember } from "../../../protocol/json-edit.ts";
import { limits } from "../../../protocol/limits.ts";
import type { HoldfastEnd, HoldfastStart, Refusal } from "../../../protocol/openai.ts";
import { answerKey } from "../../../protocol/openai-answer.ts";
import { spokenBy } from "../backend.ts";
import type { Attempt, AttemptListener, RefusedResponse, StreamPiece } from "./attempt.ts";
import { StreamDelivery } from "./delivery.ts";
import { answerBroke, type FailureCode, noAgreement, nobodyAnswered, waitForBusy } from "./failure.ts";
import type { AttemptFault } from "./fault.ts";
import type { JobOptions, JobPorts } from "./job.ts";
import { requestFor } from "./request.ts";
import { Roll } from "./roll.ts";
import { Script } from "./script.ts";
import { Watch } from "./watch.ts";

/** One upstream's part: what it told, and its whole body once it has come to its end. */
interface Part {
  readonly attempt: Attempt;
  readonly script: Script;
  readonly parts: string[];
  body: string | undefined;
}

/**
 * One answer of which nothing is seen before the executor and all witnesses that were asked for gave it word for
 * word. What they agree on is passed on as they do. Who differs brings one more to decide; when no quorum can come
 * about any more the end is an explicit error. Only for deterministic requests: others may honestly differ.
 */
export class WitnessedJob implements AttemptListener {
  readonly #ports: JobPorts;
  readonly #options: JobOptions;
  readonly #traits: Traits;
  readonly #streaming: boolean;
  /** Are texts compared as they come? Else only whole answers are: what is not text, or must be final. */
  readonly #asTheyCome: boolean;
  readonly #delivery: StreamDelivery;
  readonly #watch: Watch;
  readonly #roll: Roll;
  readonly #parts = new Map<number, Part>();
  #agreement = newAgreement(2);
  #speaker: Part | undefined;
  #delivered = 0;
  #switches = 0;
  #asked = 0;
  /** Said that they have no such model, and what the last of them said. */
  #lacking = 0;
  #denial: RefusedResponse | undefined;
  #over = false;

  constructor(ports: JobPorts, options: JobOptions) {
    this.#ports = ports;
    this.#options = options;
    const { call, fleet, deadlineMs, holdfast } = options;
    this.#agreement = newAgreement(holdfast.witnesses + 1);
    this.#traits = traitsOf(call.endpoint, call.body);
    this.#streaming = call.body["stream"] === true;
    this.#asTheyCome = holdfast.finality === "stream" && this.#traits.obstacle === undefined;
    this.#delivery = new StreamDelivery(call.reply);
    this.#roll = new Roll(ports, { ...options, traits: this.#traits, listener: this });
    this.#watch = new Watch(ports.clock, {
      fleet,
      requestChars: call.raw.length,
      streaming: this.#streaming,
      attempts: this.#roll.attempts,
      deadlineMs,
      replaceable: call.replaceable === true,
      expired: (why) => this.#fail(why),
      answer: () => ({
        ...{ over: this.#over, begun: this.#begun },
        ...{ asked: this.#asked, fruitless: this.#asked - holdfast.witnesses },
      }),
      silent: () => this.#judge(),
      // Nobody speaks alone here: who is slow is waited for by the others, or overtaken by a quorum of them.
      slow: () => {},
    });
  }

  begin(): void {
    this.#options.call.reply.onAbort(() => this.#end());
    this.#judge();
  }

  close(): void {
    this.#fail("closing");
  }

  content(attempt: Attempt, piece: StreamPiece): void {
    this.#watch.heard(attempt, piece.facts?.text.length ?? 0);
    this.filler(attempt, piece);
  }

  filler(attempt: Attempt, piece: StreamPiece): void {
    const part = this.#parts.get(attempt.id);
    if (part === undefined) return;
    if (piece.data !== undefined) part.parts.push(piece.data);
    const text = part.script.add(piece);
    if (text !== "" && this.#asTheyCome) this.#agreement = told(this.#agreement, attempt.id, text);
  }

  flush(): void {
    this.#judge();
  }

  complete(attempt: Attempt, { held, body }: { held: readonly StreamPiece[]; body: string }): void {
    const part = this.#parts.get(attempt.id);
    this.#roll.gone(attempt.id);
    this.#roll.endedWell(attempt);
    if (part === undefined) return;
    if (!this.#streaming) attempt.member.heardAfter("whole", this.#ports.clock.now() - attempt.startedAt);
    for (const piece of held) this.filler(attempt, piece);
    part.body = body;
    const key = answerKey(this.#streaming ? part.parts : [body]);
    this.#agreement = ended(this.#agreement, attempt.id, key);
    this.#judge();
  }

  refused(attempt: Attempt, response: RefusedResponse): void {
    if (this.#over) return;
    this.#drop(attempt);
    this.#roll.strike(attempt.member);
    if (response.lacks) {
      attempt.member.denied(this.#options.call.body.model, this.#ports.clock.now());
      this.#lacking += 1;
      this.#denial = response;
    }
    // Others may still take what this one finds too long or does not know.
    if (response.lacks || this.#parts.size > 0 || this.#delivery.begun) return this.#judge();
    this.#relay(response);
  }

  #relay(response: RefusedResponse): void {
    this.#end();
    this.#delivery.relay(response);
  }

  lost(attempt: Attempt, fault: AttemptFault): void {
    if (this.#over) return;
    this.#drop(attempt);
    this.#roll.blame(attempt, fault);
    this.#judge();
  }

  /** Somebody has said something: who says nothing beside them is waited for no longer than in any other answer. */
  get #begun(): boolean {
    return [...this.#parts.values()].some(({ attempt, body }) => attempt.spoke || body !== undefined);
  }

  #drop({ id }: Attempt): void {
    this.#roll.gone(id);
    this.#parts.delete(id);
    this.#agreement = left(this.#agreement, id);
  }

  /** After anything that happened: passes on what is agreed, ends what is done, asks one more where that is needed. */
  #judge(): void {
    if (this.#over) return;
    const agreeing = [...this.#parts.values()].filter(({ attempt }) =>
      tellsExactly(this.#agreement, attempt.id),
    );
    const done = agreeing.filter(({ body }) => body !== undefined);
    if (done.length >= this.#agreement.quorum) return this.#finish(done);
    if (this.#streaming && this.#asTheyCome) this.#deliver();
    const firm = ({ attempt }: Part) => !attempt.reportedSilent || !this.#roll.attempts.has(attempt.id);
    const ids = (parts: readonly Part[]) => parts.map(({ attempt }) => attempt.id);
    while (!mayAgree(this.#agreement, ids([...this.#parts.values()].filter(firm)))) {
      if (this.#recruit()) continue;
      // Those who are only silent may still speak.
      if (!mayAgree(this.#agreement, ids([...this.#parts.values()]))) this.#fail("nobody");
      return;
    }
  }

  #recruit(): boolean {
    const { call, holdfast } = this.#options;
    if (this.#asked - this.#lacking >= limits.attemptsMax + holdfast.witnesses) return false;
    // Nobody is its own witness: who answered or is answering is not asked again.
    const running = new Set([...this.#parts.values()].map(({ attempt }) => attempt.member));
    const attempt = this.#roll.next({ said: "", running, lacking: this.#lacking > 0 });
    if (attempt === undefined) return false;
    const { id } = attempt;
    this.#asked += 1;
    this.#parts.set(id, { attempt, script: new Script(), parts: [], body: undefined });
    this.#agreement = joined(this.#agreement, id);
    this.#watch.began(attempt);
    attempt.send(requestFor(call, attempt));
    return true;
  }

  /** Passes on what is agreed by now, in the words of one of those who told it. */
  #deliver(): void {
    const { agreed, tellings } = this.#agreement;
    if (agreed.length <= this.#delivered) return;
    const reach = ({ attempt }: Part) => {
      const { at, out } = tellings.get(attempt.id) ?? { at: 0, out: true };
      return out ? -1 : at;
    };
    const parts = [...this.#parts.values()];
    const most = Math.max(...parts.map(reach));
    const speaker = this.#speaker !== undefined && reach(this.#speaker) === most ? this.#speaker : undefined;
    for (const part of speaker === undefined ? parts.filter((each) => reach(each) === most) : [speaker]) {
      const lines = part.script.take(this.#delivered, most);
      // What is agreed may end inside an event of the one and at the end of another's.
      if (lines.length === 0) continue;
      this.#pass(part, lines, undefined);
      return this.#delivery.flush();
    }
  }

  #pass(
    part: Part,
    lines: ReadonlyArray<{ piece: StreamPiece; cut: number }>,
    end: HoldfastEnd | undefined,
  ): void {
    for (const { piece, cut } of lines) {
      const { text = "", opaque = false, ends = [] } = piece.facts ?? {};
      const substance = text.length > cut || opaque;
      // Roles and statistics of a successor belong to another stream than the one the application sees.
      const successor = this.#speaker !== undefined && this.#speaker !== part;
      if (successor && !substance && end === undefined) continue;
      const starts = substance && this.#speaker !== part;
      if (starts && this.#speaker !== undefined) this.#switches += 1;
      if (starts) this.#speaker = part;
      const last = ends.length > 0 ? end : undefined;
      const facts = starts ? { ...this.#startFacts(part), ...last } : last;
      const foreign = this.#switches > 0;
      this.#delivery.pass(piece, facts === undefined ? { cut, foreign } : { cut, foreign, facts });
      if (!opaque) this.#delivered += text.length - cut;
    }
  }

  #finish(done: readonly Part[]): void {
    const part = done.find((each) => each === this.#speaker) ?? done[0]!;
    const last = Math.max(...done.map(({ attempt }) => attempt.id));
    // That proves nothing against one that was asked after all of them.
    this.#blameSilent(last, "others were quicker");
    this.#end();
    const { id: job, holdfast, call, fleet } = this.#options;
    fleet.answered();
    const end: HoldfastEnd = {
      ...{ job, ...spokenBy(call), finality: holdfast.finality, verdict: "valid", basis: "text" },
      ...{ switches: this.#switches, attempts: this.#asked },
    };
    if (!this.#streaming) {
      return call.reply.text(200, withMember(part.body ?? "", "holdfast", JSON.stringify(end)));
    }
    this.#pass(part, part.script.takeAll(this.#delivered), end);
    this.#delivery.done();
  }

  /** Holds their silence against those that were asked before `id`. */
  #blameSilent(id: number, detail: string): void {
    for (const attempt of this.#roll.attempts.values()) {
      if (attempt.reportedSilent && attempt.id < id) this.#roll.blame(attempt, { code: "silent", detail });
    }
  }

  #fail(code: FailureCode): void {
    if (this.#over) return;
    if (code === "late" || code === "deadline")
      this.#blameSilent(Number.POSITIVE_INFINITY, "nothing was heard of it");
    // All that were asked said the same: that is for the application to hear.
    const none = code === "nobody" && this.#lacking === this.#asked;
    if (none && this.#denial !== undefined) return this.#relay(this.#denial);
    const { putOff } = this.#options;
    const waitMs = waitForBusy(this.#roll.faults);
    if (code === "nobody" && !this.#delivery.begun && waitMs !== undefined && putOff(waitMs))
      return this.#end();
    const refusal = this.#refusalFor(code);
    this.#end();
    const facts = { job: this.#options.id, code: refusal.code, attempts: this.#asked };
    this.#ports.log.warn("answer failed", facts);
    this.#delivery.fail(refusal);
  }

  #refusalFor(code: FailureCode): Refusal {
    const { faults } = this.#roll;
    const failed = new Set(faults.map(({ upstream }) => upstream));
    const names = (parts: readonly Part[]) => parts.map(({ attempt }) => attempt.member.target.name);
    const parts = [...this.#parts.values()];
    const whole = names(parts.filter(({ body }) => body !== undefined));
    const speaking = names(parts.filter(({ attempt, body }) => attempt.spoke && body === undefined));
    // Who was lost before is as likely to be lost again as to have been the one that answers.
    const begun = speaking.filter((name) => !failed.has(name));
    const offset = this.#delivery.begun ? this.#delivered : undefined;
    if (code === "nobody" && (whole.length + begun.length > 0 || faults.length === 0)) {
      const { quorum } = this.#agreement;
      return noAgreement(faults, { quorum, whole, begun, offset });
    }
    return offset === undefined
      ? nobodyAnswered(faults, code)
      : answerBroke(faults, code, { offset, obstacle: this.#traits.obstacle });
  }

  #startFacts(part: Part): HoldfastStart {
    const others = [...this.#parts.values()].filter((each) => each !== part);
    const inLine = others.filter(({ attempt }) => this.#agreement.tellings.get(attempt.id)?.out === false);
    const witnesses = inLine.map(({ attempt }) => attempt.member.target.name);
    const { id: job, call } = this.#options;
    return { job, ...spokenBy(call), executor: part.attempt.member.target.name, witnesses };
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#watch.stop();
    this.#roll.end();
    this.#options.over();
  }
}
