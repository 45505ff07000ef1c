import { type Plan, planFor } from "../../../domain/continuation/plan.ts";
import type { Traits } from "../../../domain/continuation/traits.ts";
import type { Ms } from "../../../domain/ids.ts";
import { standing } from "../../../domain/routing/health.ts";
import { afterAnswer, afterHedge, hedgesFull, mayHedge } from "../../../domain/routing/hedge-budget.ts";
import { createPrefixes, type Mark, marksOf, type Prefixes } from "../../../domain/routing/prefixes.ts";
import { rank } from "../../../domain/routing/rank.ts";
import { hasRoom } from "../../../domain/routing/seats.ts";
import { limits } from "../../../protocol/limits.ts";
import type { Call } from "../backend.ts";
import { conversationOf } from "./conversation.ts";
import { Member, type Rhythms, rhythmsUnknown } from "./member.ts";
import type { PrefillStyle, UpstreamTarget } from "./request.ts";

/** What an answer needs of the next upstream. */
export interface Wanted {
  readonly model: string;
  readonly said: string;
  readonly traits: Traits;
  /** Attempts already made for this answer, by member. `Infinity`: not again, whatever happens. */
  readonly tried: ReadonlyMap<Member, number>;
  /** Working on this answer now. */
  readonly running: ReadonlySet<Member>;
  /** Somebody asked has no such model: where others are known to have it, only they need be asked. */
  readonly lacking: boolean;
  /** Of the request's conversation. */
  readonly marks: readonly Mark[];
  /** It has just refused one way of going on, and is there to be asked in another. */
  readonly again?: Member | undefined;
}

export interface Choice {
  readonly member: Member;
  readonly plan: Plan;
  readonly style: PrefillStyle;
}

/** All upstreams of this gateway. */
export class Fleet {
  readonly members: readonly Member[];
  /** Of all of them together, for those of which nothing is known yet. */
  readonly rhythms: Rhythms = rhythmsUnknown();
  /** Who has read which conversation: servers keep what they made of it, for a while. */
  readonly #prefixes: Prefixes<Member> = createPrefixes(limits.conversationsMax);
  readonly #prefixKey: Uint8Array;
  #turn = 0;
  #hedges = hedgesFull(limits.hedges);
  /** Attempts made on suspicion so far. */
  hedgesMade = 0;

  /** `prefixKey`: 32 random bytes under which conversations are remembered. */
  constructor(targets: readonly UpstreamTarget[], prefixKey: Uint8Array) {
    this.#prefixKey = prefixKey;
    this.members = targets.map((target) => new Member(target, this.rhythms));
  }

  /** May somebody be asked beside one that is silent, or have all answers together done that too often of late? */
  get mayHedge(): boolean {
    return mayHedge(this.#hedges);
  }

  hedged(): void {
    this.#hedges = afterHedge(this.#hedges);
    this.hedgesMade += 1;
  }

  marksOf(call: Call): readonly Mark[] {
    if (this.members.length === 1) return [];
    return marksOf(conversationOf(call), call.body.model, this.#prefixKey);
  }

  /** It has read a conversation to its end. */
  read(marks: readonly Mark[], member: Member): void {
    this.#prefixes.learn(marks, member);
  }

  /** An answer ended well. */
  answered(): void {
    this.#hedges = afterAnswer(this.#hedges, limits.hedges);
  }

  /**
   * Does this upstream speak, at `paceMs` per character, far more slowly than it did before, or than others do? Only
   * asked for speech slower than people read, so that what it costs does not count.
   */
  isSlow({ pace }: Member, paceMs: Ms): boolean {
    const others = this.members.flatMap((member) => (member.pace.heard > 0 ? [member.pace.intervalMs] : []));
    const own = pace.heard > 0 ? pace.intervalMs : Number.POSITIVE_INFINITY;
    return paceMs >= limits.slowTimes * Math.min(own, median(others) ?? own);
  }

  /** Is there a seat for an answer with this model, or for so many at once, at those that may have it? */
  hasRoomFor(model: string, wanted: number, now: Ms): boolean {
    const able = this.#ableTo(model, now);
    const fit = able.filter(({ health }) => standing(health, now) !== "quarantined");
    if (fit.length > 0) return hasRoom(fit, wanted);
    // With only such as are in quarantine left, one of them is asked: unless all they want is a moment's peace.
    return able.some(({ pausedUntil }) => pausedUntil <= now);
  }

  /** How long those that may have the model want to be left alone, ms; 0 when one of them does not. */
  pauseMs(model: string, now: Ms): Ms {
    return Math.max(0, Math.min(...this.#ableTo(model, now).map(({ pausedUntil }) => pausedUntil - now)));
  }

  #ableTo(model: string, now: Ms): readonly Member[] {
    const able = this.members.filter((member) => member.serves(model, now));
    return able.length > 0 ? able : this.members;
  }

  /** Whom to ask next and how, or undefined when nobody can safely go on. */
  choose(wanted: Wanted, now: Ms): Choice | undefined {
    const { said, traits, tried, model } = wanted;
    this.#turn += 1;
    const count = this.members.length;
    const turn = this.#turn % count;
    // Not for an answer that has already lost one: only at its beginning is somebody on probation ventured on.
    const ventureAt = said === "" && tried.size === 0 ? 0 : undefined;
    const spread = (index: number) => (((index + count - turn) % count) + 0.5) / count;
    let best: (Choice & { place: number }) | undefined;
    const beside = [...wanted.running].map(({ domain }) => domain);
    const readers = this.#prefixes.heldOf(wanted.marks);
    const held = (index: number) => readers.get(this.members[index]!) ?? 0;
    const ranked = rank(this.members, now, { spread, held, ventureAt, beside });
    // Aliases and deployments have names that no list holds: then only who said no is known to lack it.
    const known = wanted.lacking && this.members.some((member) => member.serves(model, now));
    for (const member of wanted.again === undefined ? ranked : [wanted.again, ...ranked]) {
      const tries = tried.get(member) ?? 0;
      if (wanted.running.has(member) || tries >= triesMax) continue;
      const lacks = !member.serves(model, now);
      if (lacks && wanted.lacking && (known || member.denies(model, now))) continue;
      const full = member.running >= member.slots;
      // It was asked, and has no room for now.
      if (tries > 0 && (full || member.pausedUntil > now)) continue;
      const style = member.prefillStyle(model, now);
      const plan = planFor(said, traits, style !== undefined);
      if (plan === undefined) continue;
      // First those not tried yet, then those that list the model: whom a fault has hit, it may hit again. Then those
      // that answer at all: one that is quiet, full or in quarantine may not. Then those that go on at once: a replay
      // takes as long as what was said took.
      const doubtful = full || member.isQuiet(now) || standing(member.health, now) === "quarantined";
      const place = 8 * tries + (lacks ? 4 : 0) + (doubtful ? 2 : 0) + (plan.how === "replay" ? 1 : 0);
      if (best === undefined || place < best.place) best = { member, plan, style: style ?? "flags", place };
      if (place === 0) break;
    }
    return best;
  }
}

/** The middle one of what is known of others; a few that are slow do not move it. */
function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[(values.length - 1) >> 1];
}

/** Attempts with one upstream for one answer. The second meets a stale connection or a passing error. */
const triesMax = 2;
