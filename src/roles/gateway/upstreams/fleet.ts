import { type Plan, planFor } from "../../../domain/continuation/plan.ts";
import type { Traits } from "../../../domain/continuation/traits.ts";
import type { Ms } from "../../../domain/ids.ts";
import { standing } from "../../../domain/routing/health.ts";
import { rank } from "../../../domain/routing/rank.ts";
import { limits } from "../../../protocol/limits.ts";
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
  #turn = 0;

  constructor(targets: readonly UpstreamTarget[]) {
    this.members = targets.map((target) => new Member(target, this.rhythms));
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

  /** Whom to ask next and how, or undefined when nobody can safely go on. */
  choose(wanted: Wanted, now: Ms): Choice | undefined {
    const { said, traits, tried, model } = wanted;
    this.#turn += 1;
    const count = this.members.length;
    const turn = this.#turn % count;
    // Not for an answer that has already lost one: only at its beginning is somebody on probation ventured on.
    const ventureAt = said === "" && tried.size === 0 ? 0 : undefined;
    const spread = (index: number) => ((index + count - turn) % count) / count;
    let best: (Choice & { place: number }) | undefined;
    const ranked = rank(this.members, now, { spread, ventureAt });
    for (const member of wanted.again === undefined ? ranked : [wanted.again, ...ranked]) {
      const tries = tried.get(member) ?? 0;
      if (wanted.running.has(member) || tries >= triesMax) continue;
      const style = member.prefillStyle(model, now);
      const plan = planFor(said, traits, style !== undefined);
      if (plan === undefined) continue;
      // First those not tried yet, then those that list the model: whom a fault has hit, it may hit again. Then those
      // that go on at once: a replay takes as long as what was said took, and one that is quiet or in quarantine may
      // not answer at all.
      const doubtful = member.isQuiet(now) || standing(member.health, now) === "quarantined";
      const late = plan.how === "replay" || doubtful;
      const place = 4 * tries + (lacks(member, model) ? 2 : 0) + (late ? 1 : 0);
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

function lacks({ target, catalogue }: Member, model: string): boolean {
  return target.model === undefined && catalogue !== undefined && !catalogue.has(model);
}
