import { createChance } from "../chance.ts";
import { spreadOf } from "../figures.ts";
import { type Detector, detectors, type Expectation } from "./detectors.ts";
import { type Speaking, speakings } from "./rhythms.ts";

/** How long a detector lets a dead speaker's silence pass where it may cry wolf so often, ms. */
export interface Finding {
  readonly detector: string;
  readonly speaking: string;
  /** How many spreads above the base that takes: tuned for this speaking alone. */
  readonly times: number;
  /** Silence until the alarm, over all instants at which a speaker may die. */
  readonly silenceMs: { readonly mean: number; readonly p99: number };
}

/** Who is listened to; the more speakers, the rarer the false alarms that can be told. */
export interface Sample {
  readonly seed: number;
  /** Of each kind, with fifty answers each. */
  readonly speakers: number;
}

export interface Bounds {
  readonly name: string;
  readonly least: number;
  readonly most: number;
}

/** An interval, and what was expected of it before. */
interface Heard extends Expectation {
  readonly intervalMs: number;
}

const answersEach = 50;
/** An answer's first intervals of a speaker nobody knows yet tell of no detector. */
const answersUncounted = 2;

/**
 * Every detector is given the false alarms it may make, on each kind of speaking and on all kinds alike, by choosing how
 * many spreads a silence may last; what is compared is how long it then waits for one who is dead. A larger share of
 * false alarms buys every detector an earlier alarm, so at unequal shares nothing could be said.
 */
export function compareDetectors(sample: Sample, falseShare: number, bounds: Bounds): Finding[] {
  return detectors.flatMap((detector) => {
    const kinds = speakings.map((speaking) => ({
      speaking: speaking.name,
      heard: listen(detector, speaking, sample),
    }));
    const all = { speaking: everything, heard: kinds.flatMap(({ heard }) => heard) };
    return [...kinds, all].map(({ speaking, heard }): Finding => {
      const times = timesFor(heard, falseShare, bounds);
      const silences = heard.map((each) => silenceOf(each, times, bounds));
      const mean = silences.reduce((sum, ms) => sum + ms, 0) / silences.length;
      return { detector: detector.name, speaking, times, silenceMs: { mean, p99: spreadOf(silences).p99 } };
    });
  });
}

/** One setting for every kind of speaking, as a product has. */
export const everything = "all alike";

function listen(detector: Detector, speaking: Speaking, { seed, speakers }: Sample): Heard[] {
  const chance = createChance(seed).child(speaking.name);
  const heard: Heard[] = [];
  for (let number = 0; number < speakers; number++) {
    const answer = speaking.speaker(chance);
    const ear = detector.ear();
    for (let count = 0; count < answersUncounted + answersEach; count++) {
      for (const intervalMs of answer()) {
        const expected = ear.expects();
        if (expected !== undefined && count >= answersUncounted) heard.push({ ...expected, intervalMs });
        ear.hear(intervalMs);
      }
      ear.answered();
    }
  }
  return heard;
}

/** The fewest spreads at which no larger share of these intervals is taken for a death. */
function timesFor(heard: readonly Heard[], falseShare: number, { least, most }: Bounds): number {
  const needed = heard.map(({ intervalMs, base, spread }) => {
    if (intervalMs <= least) return 0;
    // Whatever the setting, an interval beyond the upper bound is a false alarm.
    if (intervalMs > most) return Number.POSITIVE_INFINITY;
    return Math.max(0, (intervalMs - base) / Math.max(spread, spreadLeastMs));
  });
  needed.sort((a, b) => a - b);
  return needed[Math.min(needed.length - 1, Math.floor((1 - falseShare) * needed.length))]!;
}

function silenceOf({ base, spread }: Expectation, times: number, { least, most }: Bounds): number {
  return Math.min(most, Math.max(least, base + times * Math.max(spread, spreadLeastMs)));
}

/** No clock in a gateway is finer, ms. */
const spreadLeastMs = 1;

/** The share of false alarms that what runs makes as it is set, over all kinds of speaking alike. */
export function falseShareToday(sample: Sample, bounds: Bounds): number {
  const heard = speakings.flatMap((speaking) => listen(detectors[0]!, speaking, sample));
  const wrong = heard.filter((each) => each.intervalMs > silenceOf(each, timesToday, bounds));
  return wrong.length / heard.length;
}

/** Mean deviations in `lateAfter` (domain/inference/rhythm.ts). */
const timesToday = 4;
