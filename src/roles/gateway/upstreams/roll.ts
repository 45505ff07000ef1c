import { choicesAsked, type Traits } from "../../../domain/continuation/traits.ts";
import type { Mark } from "../../../domain/routing/prefixes.ts";
import type { Log } from "../../../ports.ts";
import type { Call } from "../backend.ts";
import { Attempt, type AttemptListener, type AttemptPorts } from "./attempt.ts";
import type { FailedAttempt } from "./failure.ts";
import type { AttemptFault } from "./fault.ts";
import type { Fleet, Wanted } from "./fleet.ts";
import type { Member } from "./member.ts";

export interface RollPorts extends AttemptPorts {
  readonly log: Log;
}

interface RollOptions {
  /** The answer's id in logs. */
  readonly id: string;
  readonly fleet: Fleet;
  readonly call: Call;
  readonly traits: Traits;
  readonly listener: AttemptListener;
}

/** Whom one answer has asked, how often, and what is held against them. */
export class Roll {
  readonly #ports: RollPorts;
  readonly #options: RollOptions;
  readonly #attempts = new Map<number, Attempt>();
  readonly #faults: FailedAttempt[] = [];
  readonly #tried = new Map<Member, number>();
  readonly #marks: readonly Mark[];
  #asked = 0;

  constructor(ports: RollPorts, options: RollOptions) {
    this.#ports = ports;
    this.#options = options;
    this.#marks = options.fleet.marksOf(options.call);
  }

  /** Those under way, by their numbers. */
  get attempts(): ReadonlyMap<number, Attempt> {
    return this.#attempts;
  }

  get faults(): readonly FailedAttempt[] {
    return this.#faults;
  }

  /** Chooses whom to ask next, and how; still to be sent. Undefined when nobody can safely go on. */
  next(wanted: Omit<Wanted, "model" | "traits" | "tried" | "marks">): Attempt | undefined {
    const { fleet, call, traits, listener } = this.#options;
    const asking = { ...wanted, model: call.body.model, traits, tried: this.#tried, marks: this.#marks };
    const choice = fleet.choose(asking, this.#ports.clock.now());
    if (choice === undefined) return undefined;
    const id = this.#asked++;
    this.#tried.set(choice.member, (this.#tried.get(choice.member) ?? 0) + 1);
    const streaming = call.body["stream"] === true;
    const choices = choicesAsked(call.body);
    const attempt = new Attempt(this.#ports, { id, streaming, choices, ...choice }, listener);
    this.#attempts.set(id, attempt);
    return attempt;
  }

  /** It ended well, which says something of its upstream. */
  endedWell({ member, startedAt, pace }: Attempt): void {
    member.endedWell(startedAt, pace);
    this.#options.fleet.read(this.#marks, member);
  }

  /** This attempt is over. */
  gone(id: number): void {
    this.#attempts.delete(id);
  }

  /** All of them are, and nobody is heard any more. */
  end(): void {
    for (const attempt of this.#attempts.values()) attempt.abort();
    this.#attempts.clear();
  }

  /** It has no such model: no fault of its own, and no reason to ask it again for this answer. */
  lacks({ member }: Attempt, detail: string): void {
    this.strike(member);
    this.#faults.push({ upstream: member.target.name, fault: { code: "no-model", detail } });
  }

  /** It is not asked again for this answer. */
  strike(member: Member): void {
    this.#tried.set(member, Number.POSITIVE_INFINITY);
  }

  /** This attempt was no try of what is asked for next. */
  forgive({ member }: Attempt): void {
    this.#tried.set(member, (this.#tried.get(member) ?? 1) - 1);
  }

  blame({ member, startedAt }: Attempt, fault: AttemptFault): void {
    const upstream = member.target.name;
    this.#faults.push({ upstream, fault });
    member.faulted(fault, startedAt, this.#ports.clock.now());
    if (fault.code === "misconfigured") this.strike(member);
    const facts = { job: this.#options.id, upstream, code: fault.code, detail: fault.detail };
    this.#ports.log.info("upstream attempt failed", facts);
  }
}
