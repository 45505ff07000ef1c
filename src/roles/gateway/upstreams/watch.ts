import type { Answer } from "../../../domain/continuation/answer.ts";
import { promptWeight, silenceBudget } from "../../../domain/continuation/patience.ts";
import type { Ms } from "../../../domain/ids.ts";
import { rhythmAfter } from "../../../domain/inference/rhythm.ts";
import type { Clock } from "../../../ports.ts";
import { limits } from "../../../protocol/limits.ts";
import type { Attempt } from "./attempt.ts";
import type { Fleet } from "./fleet.ts";
import type { Rhythms } from "./member.ts";

export interface Watched {
  readonly fleet: Fleet;
  readonly requestChars: number;
  readonly streaming: boolean;
  readonly attempts: ReadonlyMap<number, Attempt>;
  /** Another model is tried when nobody can answer. */
  readonly replaceable: boolean;
  /** Time until something is said. What has begun may take longer, as long as it goes on. */
  readonly deadlineMs: Ms;
  answer(): Pick<Answer, "over" | "begun" | "fruitless" | "asked">;
  /** Quiet for longer than is usual for it: another may be asked beside it. Said once for each silence. */
  silent(attempt: Attempt): void;
  /** Speaks, far more slowly than is usual: another may be asked in its place. May be said again. */
  slow(attempt: Attempt): void;
  /** The answer's time is over, or it was late to begin and another model is to have the rest of that time. */
  expired(why: "deadline" | "late"): void;
}

/**
 * Notices silence, and bounds what is done about it. One timer for a whole answer, its deadline included: hearing something
 * costs a clock reading.
 */
export class Watch {
  readonly #clock: Clock;
  readonly #watched: Watched;
  readonly #weight: number;
  #dueAt: Ms = Number.POSITIVE_INFINITY;
  readonly #deadlineAt: Ms;
  /** When it must have begun, if another model can answer. */
  readonly #beginsUntil: Ms;
  /** When anybody last said something. */
  #heardAt: Ms = Number.NEGATIVE_INFINITY;
  /** It came late, and has let the reading go first. */
  #rereads = false;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, watched: Watched) {
    this.#clock = clock;
    this.#watched = watched;
    this.#weight = promptWeight(watched.requestChars);
    this.#deadlineAt = clock.now() + watched.deadlineMs;
    const patience = this.#patienceWith(this.#weight);
    this.#beginsUntil = watched.replaceable ? clock.now() + patience : Number.POSITIVE_INFINITY;
  }

  /** A new attempt is under way. */
  began(attempt: Attempt): void {
    this.#armBy(this.#dueOf(attempt));
  }

  /** It said something of substance, with so many characters. */
  heard(attempt: Attempt, chars: number): void {
    const now = this.#clock.now();
    const interval = now - attempt.lastAt;
    attempt.lastAt = now;
    this.#heardAt = now;
    attempt.member.heard(now);
    attempt.reportedSilent = false;
    if (!attempt.spoke) {
      attempt.spoke = true;
      attempt.member.speaking += 1;
      attempt.member.heardAfter("first", interval / this.#weight);
    } else if (interval >= 1) {
      attempt.member.heardAfter("gap", interval);
      if (chars > 0) attempt.pace = rhythmAfter(attempt.pace, interval / chars);
    } else {
      // Events of one network read are one piece.
      return;
    }
    // A rhythm that is just becoming known may call for an earlier look.
    this.#armBy(this.#dueOf(attempt));
  }

  /** What it said was dealt with. Does it go on far too slowly? */
  weigh(attempt: Attempt): void {
    const { heard, intervalMs } = attempt.pace;
    if (heard < limits.slowPiecesMin || intervalMs < limits.slowCharMsMin) return;
    if (this.#watched.fleet.isSlow(attempt.member, intervalMs)) this.#suspect(attempt, this.#watched.slow);
  }

  stop(): void {
    this.#cancel?.();
    this.#dueAt = Number.NEGATIVE_INFINITY;
  }

  #armBy(wanted: Ms): void {
    const due = Math.min(wanted, this.#expiresAt);
    if (due >= this.#dueAt) return;
    this.#cancel?.();
    this.#dueAt = due;
    this.#cancel = this.#clock.after(Math.max(0, due - this.#clock.now()), () => this.#look());
  }

  #look(): void {
    const now = this.#clock.now();
    const due = this.#dueAt;
    this.#dueAt = Number.POSITIVE_INFINITY;
    // Who comes late itself has not read yet what came meanwhile, and must not call others late.
    this.#rereads = !this.#rereads && now - due > limits.ownLateMs;
    if (this.#rereads) return this.#armBy(now + readingMs);
    if (now >= this.#expiresAt) return this.#watched.expired(now >= this.#deadlineAt ? "deadline" : "late");
    for (const attempt of [...this.#watched.attempts.values()]) {
      if (this.#watched.answer().over) return;
      if (this.#dueOf(attempt) > now || !this.#watched.attempts.has(attempt.id)) continue;
      if (attempt.reportedSilent || now >= this.#givenUpAt(attempt)) {
        attempt.giveUp();
      } else {
        attempt.reportedSilent = true;
        if (this.#suspect(attempt, this.#watched.silent)) continue;
        attempt.reportedSilent = false;
        attempt.heldUntil = now + heldMs;
      }
    }
    for (const attempt of this.#watched.attempts.values()) this.#armBy(this.#dueOf(attempt));
    this.#armBy(this.#expiresAt);
  }

  get #expiresAt(): Ms {
    const { answer, deadlineMs } = this.#watched;
    if (!answer().begun) return Math.min(this.#deadlineAt, this.#beginsUntil);
    // Beyond its deadline an answer need not end, but whoever is to go on with it has no time of its own.
    const silence = Math.min(limits.stallMsMax, Math.max(limits.silenceMsMax, deadlineMs));
    const most = this.#deadlineAt + limits.deadlineMsMax;
    return Math.min(most, Math.max(this.#deadlineAt, this.#heardAt + silence));
  }

  /**
   * Tells of one that is silent or slow, upon which another may be asked: at once where it has failed others too, or
   * while there is suspicion to spare. When everything is slow, suspicion is everywhere, and acting upon all of it would
   * make it worse. But silence that a begun answer would not bear is proof of itself.
   */
  #suspect(attempt: Attempt, tell: (attempt: Attempt) => void): boolean {
    const { fleet, answer } = this.#watched;
    const { member, startedAt, lastAt } = attempt;
    const patience = this.#patienceWith(this.#weightOf(attempt));
    const proven = member.failedSince(startedAt) || this.#clock.now() - lastAt >= patience;
    if (!proven && !fleet.mayHedge) return false;
    const { asked } = answer();
    tell(attempt);
    for (let hedges = proven ? 0 : answer().asked - asked; hedges > 0; hedges--) fleet.hedged();
    return true;
  }

  /** As long as a begun answer is waited on, as much longer as prompt and form take, and never most of the time there is. */
  #patienceWith(weight: number): Ms {
    return Math.min(limits.stallMsMax * this.#slower * weight, this.#watched.deadlineMs / 2);
  }

  /** When one that is silent is given up: in the middle of an answer only, for before it a model may have to be loaded. */
  #givenUpAt({ lastAt }: Attempt): Ms {
    return this.#watched.answer().begun ? lastAt + limits.stallMsMax : Number.POSITIVE_INFINITY;
  }

  #dueOf(attempt: Attempt): Ms {
    const { begun, fruitless } = this.#watched.answer();
    if (attempt.reportedSilent) return this.#givenUpAt(attempt);
    const kind: keyof Rhythms = this.#watched.streaming ? (attempt.spoke ? "gap" : "first") : "whole";
    const slower = this.#slower;
    const bounds = {
      least: limits.silenceMsMin * slower,
      most: limits.silenceMsMax * slower,
      unknown: limits.silenceMsUnknown * slower,
    };
    const weight = this.#weightOf(attempt);
    // Whoever goes on with an answer is as warm as whoever began it: only the next one after it is given more time.
    const work = { weight, round: Math.max(0, fruitless - (begun ? 2 : 1)) };
    const { fleet } = this.#watched;
    const { rhythms, silentAt } = attempt.member;
    const alone = attempt.lastAt + silenceBudget(rhythms[kind], fleet.rhythms[kind], bounds, work);
    return Math.max(attempt.heldUntil, attempt.spoke ? Math.min(alone, silentAt) : alone);
  }

  /** How much longer than usual it may be silent: its prompt may be long, and whole answers come at once. */
  #weightOf({ spoke }: Attempt): number {
    return spoke ? 1 : this.#weight;
  }

  get #slower(): number {
    return this.#watched.streaming ? 1 : wholeAnswersSlower;
  }
}

/** Time to read what has come, ms: all of it is read before the next timer. */
const readingMs = 5;
/** A suspicion that nobody may act upon is looked at again after this, ms: others may have proved it meanwhile. */
const heldMs = 50;
/** A whole answer says nothing until it is done, and answers differ in length far more than first words do. */
const wholeAnswersSlower = 10;
