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
  quarantineDefault,
} from "../../../domain/routing/health.ts";
import type { Candidate } from "../../../domain/routing/rank.ts";
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
  /** A plain server says neither what it can take nor what it costs, and its user has chosen to trust it. */
  readonly slots = Number.POSITIVE_INFINITY;
  readonly price = 0;
  readonly bonded = true;
  readonly domain: readonly string[];
  health: Health = healthy;
  running = 0;
  readonly rhythms: Rhythms = rhythmsUnknown();
  readonly #all: Rhythms;
  /** Streams it is working on, those of them that have begun to speak, and when it was last asked and heard. */
  streams = 0;
  speaking = 0;
  askedAt: Ms = Number.NEGATIVE_INFINITY;
  heardAt: Ms = Number.NEGATIVE_INFINITY;
  /** How quickly it speaks, ms per character, in answers that ended well. */
  pace: Rhythm = rhythmUnknown;
  /** Models it listed; undefined while unknown. */
  catalogue: ReadonlySet<string> | undefined;
  lastFault: AttemptFault | undefined;
  readonly #prefill = new Map<string, PrefillKnowledge>();

  constructor(target: UpstreamTarget, all: Rhythms) {
    this.target = target;
    this.domain = [`host ${new URL(target.url).hostname}`];
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
    if (this.speaking > 0) return now - this.heardAt > lateAfter(this.rhythms.gap);
    return this.streams > 0 && now - Math.max(this.askedAt, this.heardAt) > lateAfter(this.rhythms.first);
  }

  heardAfter(kind: keyof Rhythms, interval: Ms): void {
    this.rhythms[kind] = rhythmAfter(this.rhythms[kind], interval);
    this.#all[kind] = rhythmAfter(this.#all[kind], interval);
  }

  /** `spoken`: how quickly it spoke in that answer. One that was stopped for being slow must not become its measure. */
  endedWell(startedAt: Ms, spoken: Rhythm): void {
    this.health = afterSuccess(this.health, startedAt);
    this.pace = rhythmJoined(this.pace, spoken);
  }

  faulted(fault: AttemptFault, startedAt: Ms, now: Ms): void {
    if (fault.code === "differs") return;
    this.lastFault = fault;
    if (fault.code === "busy") this.health = afterPause(this.health, now, fault.retryAfterMs ?? 0);
    else this.health = afterFailure(this.health, startedAt, now, quarantineDefault);
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
    if (this.#prefill.size >= modelsRememberedMax && !this.#prefill.has(model)) this.#prefill.clear();
    this.#prefill.set(model, knowledge);
  }
}

interface PrefillKnowledge {
  readonly style: PrefillStyle;
  /** Mismatches since it last worked. */
  readonly misses: number;
  readonly refusedUntil: Ms;
}

const missesMax = 3;
const modelsRememberedMax = 256;
/** Servers are upgraded: what is refused now is tried again later. */
const refusalMs = 10 * 60_000;

function refused(now: Ms): { style: PrefillStyle; refusedUntil: Ms } {
  return { style: "flags", refusedUntil: now + refusalMs };
}
