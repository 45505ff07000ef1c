import type { Ms } from "../domain/ids.ts";
import type { Clock } from "../ports.ts";
import { createQueue, type Happening } from "./queue.ts";

/** Simulated time: a queue of happenings in order of (time, sequence). Time jumps from one to the next. */
export interface Timeline {
  readonly now: () => Ms;
  at(time: Ms, run: () => void): () => void;
  /** A machine's clock on this time. */
  clock(traits?: ClockTraits): MachineClock;
  /** Runs until `done()`, until nothing is left before `until`, or until it is stopped. */
  run(until: Ms, done: () => boolean): Promise<void>;
  /** Ends the run under way after the event at hand. */
  stop(): void;
  readonly events: () => number;
  /** Of every event so far: two runs with the same digest went the same way. */
  readonly digest: () => number;
}

export interface ClockTraits {
  /** How far its wall clock is from the others'. */
  readonly offsetMs?: number;
  /** Its seconds, in true ones: 1.001 is a clock that is slow by a thousandth. */
  readonly rate?: number;
}

/** The clock of a machine that can be stopped (SIGSTOP), switched off, or have its wall clock set. */
export interface MachineClock extends Clock {
  /** While paused nothing of it runs; what came due runs when it goes on. */
  pause(paused: boolean): void;
  /** Nothing of it ever runs again: the process is gone. */
  stop(): void;
  /** Its wall clock is set forward by this (or back). */
  step(ms: number): void;
}

/** Unix time of simulated zero; any fixed number does. */
const epoch = 1_700_000_000_000;

export function createTimeline(): Timeline {
  const queue = createQueue();
  let now = 0;
  let order = 0;
  let events = 0;
  let digest = 2166136261;
  let stopped = false;

  const at = (time: Ms, run: () => void) => {
    const happening: Happening = { time: Math.max(time, now), order: order++, run };
    queue.push(happening);
    return () => {
      if (happening.run === undefined) return;
      happening.run = undefined;
      queue.calledOff();
    };
  };

  return {
    now: () => now,
    at,
    clock: (traits = {}) => createClock(() => now, at, traits),
    events: () => events,
    digest: () => digest,
    stop() {
      stopped = true;
    },
    async run(until, done) {
      stopped = false;
      await settle(0);
      while (!done() && !stopped) {
        const next = queue.pop();
        if (next === undefined) return;
        if (next.time > until) return queue.push(next);
        const { run } = next;
        if (run === undefined) continue;
        next.run = undefined;
        now = next.time;
        events += 1;
        digest = Math.imul(digest ^ ((now * 1000) | 0) ^ next.order, 16777619) >>> 0;
        run();
        await settle(events);
      }
    },
  };
}

function createClock(
  now: () => Ms,
  at: Timeline["at"],
  { offsetMs = 0, rate = 1 }: ClockTraits,
): MachineClock {
  let offset = offsetMs;
  let paused = false;
  let stopped = false;
  let due: Array<() => void> = [];
  return {
    now: () => now() / rate,
    wall: () => epoch + now() / rate + offset,
    after(delay, run) {
      let cancelled = false;
      const cancel = at(now() + Math.max(0, delay) * rate, () => {
        if (paused) due.push(() => cancelled || run());
        else if (!stopped) run();
      });
      return () => {
        cancelled = true;
        cancel();
      };
    },
    pause(pausing) {
      paused = pausing;
      const late = due;
      if (!paused && !stopped) for (const run of late) at(now(), () => stopped || run());
      if (!paused) due = [];
    },
    stop() {
      stopped = true;
      due = [];
    },
    step(ms) {
      offset += ms;
    },
  };
}

/**
 * Lets every promise that can go on do so. Nothing real is ever pending, so afterwards the world stands still. A tick
 * asked for by a promise's continuation comes once all of them have run; now and then a whole turn, for signals.
 */
function settle(events: number): Promise<void> {
  return new Promise((resolve) => {
    if (events % 8192 === 0) setImmediate(resolve);
    else process.nextTick(resolve);
  });
}
