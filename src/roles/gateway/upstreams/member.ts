import type { Ms } from "../../../domain/ids.ts";
import {
  lateAfter,
  type Rhythm,
  rhythmAfter,
  rhythmJoined,
  rhythmUnknown,
} from "../../../domain/inference/rhythm.ts";
import {
  afterFailure,
  afterPause,
  afterSuccess,
  type Health,
  healthy,
} from "../../../domain/routing/health.ts";
import type { Candidate } from "../../../domain/routing/rank.ts";
import { slotsAfterAnswer, slotsAfterRefusal } from "../../../domain/routing/seats.ts";
import { limits } from "../../../protocol/limits.ts";
import type { AttemptFault } from "./fault.ts";
import type { PrefillStyle, UpstreamTarget } from "./request.ts";

/** How regularly answers come: to the first content (per unit of prompt), between pieces, and whole. */
export interface Rhythms {
  first: Rhythm;
  gap: Rhythm;
  whole: Rhythm;
}

export const rhythmsUnknown = (): Rhythms => ({
  first: rhythmUnknown,
  gap: rhythmUnknown,
  whole: rhythmUnknown,
});

/** One upstream and everything learnt about it since the start. */
export class Member implements Candidate {
  readonly target: UpstreamTarget;
  readonly price: number;
  /** Its user has chosen to trust it. */
  readonly bonded = true;
  readonly domain: readonly string[];
  health: Health = healthy;
  /** Attempts it works on, and how many it takes at once: as configured, or fewer once it has turned some away. */
  running = 0;
  #slots: number;
  /** It asked to be left alone until then. */
  pausedUntil: Ms = Number.NEGATIVE_INFINITY;
  readonly rhythms: Rhythms = rhythmsUnknown();
  readonly #all: Rhythms;
  /** Streams it is working on, those of them that have begun to speak, and when it was last asked and heard. */
  streams = 0;
  speaking = 0;
  askedAt: Ms = Number.NEGATIVE_INFINITY;
  heardAt: Ms = Number.NEGATIVE_INFINITY;
  /** How regularly something is heard of it in whichever stream, times the streams that speak. */
  #beat: Rhythm = rhythmUnknown;
  /** How quickly it speaks, ms per character, in answers that ended well. */
  pace: Rhythm = rhythmUnknown;
  /** Models it listed; undefined while unknown. */
  catalogue: ReadonlySet<string> | undefined;
  /** Why its list of models could not be had when it was last asked for. `away`: nobody was there. */
  listFault: { readonly reason: string; readonly away: boolean; readonly at: Ms } | undefined;
  lastFault: AttemptFault | undefined;
  /** What became of the last answer that it was asked for and did not turn away. */
  #did: "well" | AttemptFault | undefined;
  readonly #prefill = new Map<string, PrefillKnowledge>();
  /** Models it said it has not, and until when that is believed. */
  readonly #denied = new Map<string, Ms>();

  constructor(target: UpstreamTarget, all: Rhythms) {
    this.target = target;
    this.#slots = this.#slotsMax;
    // Ranking compares in small units, in which one more is nothing.
    this.price = 1e6 * (target.price ?? 0);
    const { domain, url } = target;
    this.domain = [`host ${new URL(url).hostname}`, ...(domain === undefined ? [] : [`named ${domain}`])];
    this.#all = all;
  }

  get latencyMs(): Ms | undefined {
    const { intervalMs, heard } = this.rhythms.first;
    return heard === 0 ? undefined : intervalMs;
  }

  /**
   * Is it quiet in all its streams for longer than it usually is in one? Long before that is reason enough to start
   * another attempt beside it, it is a reason to ask others first.
   */
  isQuiet(now: Ms): boolean {
    // One stream that has begun tells sooner than those that have yet to begin.
    if (this.speaking > 0) return now - this.heardAt > Math.min(this.#lateMs, lateAfter(this.rhythms.gap));
    return this.streams > 0 && now - Math.max(this.askedAt, this.heardAt) > lateAfter(this.rhythms.first);
  }

  /** One of its streams said something. */
  heard(now: Ms): void {
    const interval = now - this.heardAt;
    if (this.speaking > 0 && interval >= 1) this.#beat = rhythmAfter(this.#beat, interval * this.speaking);
    this.heardAt = now;
  }

  /**
   * When it has been silent in all its streams at once for too long, on the monotonic clock. What stops a whole server
   * shows sooner than what stops one of its streams: of five, something is heard five times as often.
   */
  get silentAt(): Ms {
    return this.heardAt + Math.max(limits.silenceAllMsMin, this.#lateMs);
  }

  get #lateMs(): Ms {
    if (this.speaking < 2 || this.#beat.heard < beatsMin) return Number.POSITIVE_INFINITY;
    return lateAfter(this.#beat) / this.speaking;
  }

  heardAfter(kind: keyof Rhythms, interval: Ms): void {
    this.rhythms[kind] = rhythmAfter(this.rhythms[kind], interval);
    this.#all[kind] = rhythmAfter(this.#all[kind], interval);
  }

  /** `spoken`: how quickly it spoke in that answer. One that was stopped for being slow must not become its measure. */
  endedWell(startedAt: Ms, spoken: Rhythm): void {
    this.#did = "well";
    this.health = afterSuccess(this.health, startedAt, limits.quarantine);
    this.#slots = Math.min(this.#slotsMax, slotsAfterAnswer(this.#slots, this.running));
    this.pace = rhythmJoined(this.pace, spoken);
  }

  faulted(fault: AttemptFault, startedAt: Ms, now: Ms): void {
    if (fault.code === "differs") return;
    this.lastFault = fault;
    if (fault.code === "busy") this.#turnedAway(now, fault.retryAfterMs);
    else {
      this.#did = fault;
      this.health = afterFailure(this.health, startedAt, now, limits.quarantine);
    }
  }

  #turnedAway(now: Ms, asked: Ms | undefined): void {
    // One that names no time has room again when an answer ends; at work on none, it must mean something else.
    const pause = asked ?? (this.running > 0 ? 0 : pauseMsDefault);
    this.health = afterPause(this.health, now, pause);
    // What it says to one application's key need not hold for another's.
    if (this.target.forwardAuth) return;
    this.#slots = slotsAfterRefusal(this.#slots, this.running);
    this.pausedUntil = Math.max(this.pausedUntil, now + pause);
  }

  /**
   * For whoever looks after it. What it did with an answer counts for more than whether it lists its models, which
   * some that serve well do not.
   */
  get condition(): { readonly state: "well" | "failing" | "unknown"; readonly reason: string | null } {
    const { listFault } = this;
    if (this.#did !== undefined && this.#did !== "well")
      return { state: "failing", reason: faultText(this.#did) };
    if (listFault?.away === true && listFault.at > this.heardAt)
      return { state: "failing", reason: listFault.reason };
    if (this.#did === "well" || (this.catalogue !== undefined && listFault === undefined))
      return { state: "well", reason: null };
    return { state: "unknown", reason: listFault === undefined ? null : `/models: ${listFault.reason}` };
  }

  get slots(): number {
    return Math.floor(this.#slots);
  }

  get #slotsMax(): number {
    return this.target.slots ?? limits.upstreamConnectionsMax;
  }

  /** Has it the model, as far as is known? A list of models that is not there hides nobody. */
  serves(model: string, now: Ms): boolean {
    if (this.denies(model, now)) return false;
    return this.target.model !== undefined || this.catalogue === undefined || this.catalogue.has(model);
  }

  /** Has it said of late that it has no such model? */
  denies(model: string, now: Ms): boolean {
    return (this.#denied.get(model) ?? now) > now;
  }

  /** It said that it has no such model. */
  denied(model: string, now: Ms): void {
    if (this.#denied.size >= limits.upstreamModelsRemembered) this.#denied.clear();
    this.#denied.set(model, now + limits.catalogueMsMax);
  }

  /** Has it failed another answer since then? Whoever waits for it needs no more proof that it is lost. */
  failedSince(startedAt: Ms): boolean {
    return this.health.incidentAt > startedAt;
  }

  /** How to ask it to go on from a text; undefined when it is known not to do that. */
  prefillStyle(model: string, now: Ms): PrefillStyle | undefined {
    const known = this.#prefill.get(model);
    if (known === undefined) return "flags";
    return known.refusedUntil > now ? undefined : known.style;
  }

  prefillWorked(model: string, style: PrefillStyle): void {
    this.#prefill.set(model, { style, misses: 0, refusedUntil: Number.NEGATIVE_INFINITY });
  }

  /** It answered a prefill with an error: the other style is tried next, then none for a while. */
  prefillRefused(model: string, style: PrefillStyle, now: Ms): void {
    // Many answers ask at once: what the first of them learnt, those that come later must not unlearn.
    if (this.prefillStyle(model, now) !== style) return;
    const next =
      style === "flags" ? { style: "plain" as const, refusedUntil: Number.NEGATIVE_INFINITY } : refused(now);
    this.#setPrefill(model, { misses: 0, ...next });
  }

  /** It took the prefill and said something else. Once may be chance; more often, it starts a new answer. */
  prefillMissed(model: string, style: PrefillStyle, now: Ms): void {
    const misses = (this.#prefill.get(model)?.misses ?? 0) + 1;
    const next = misses < missesMax ? { style, refusedUntil: Number.NEGATIVE_INFINITY } : refused(now);
    this.#setPrefill(model, { misses, ...next });
  }

  #setPrefill(model: string, knowledge: PrefillKnowledge): void {
    // The application chooses these names; the map must not grow with them.
    if (this.#prefill.size >= limits.upstreamModelsRemembered && !this.#prefill.has(model))
      this.#prefill.clear();
    this.#prefill.set(model, knowledge);
  }
}

export function faultText({ code, detail }: AttemptFault): string {
  return `${code} (${detail})`;
}

interface PrefillKnowledge {
  readonly style: PrefillStyle;
  /** Mismatches since it last worked. */
  readonly misses: number;
  readonly refusedUntil: Ms;
}

/** Words heard before it is believed to have a rhythm. */
const beatsMin = 8;
/** Pause of one that turned somebody away, is at work on nothing and names no time, ms. */
const pauseMsDefault = 1_000;
/** Prefills in a row after which it said something else. */
const missesMax = 3;
/** Servers are upgraded: what is refused now is tried again later. */
const refusalMs = 10 * 60_000;

function refused(now: Ms): { style: PrefillStyle; refusedUntil: Ms } {
  return { style: "flags", refusedUntil: now + refusalMs };
}
