import type { Ms } from "../../domain/ids.ts";
import type { Clock } from "../../ports.ts";

export interface RhythmOptions {
  /** Must not reject. */
  readonly run: () => Promise<void>;
  readonly everyMs: Ms;
}

export interface Rhythm {
  /** A run that begins after this call; resolves when it is over. */
  now(): Promise<void>;
  /** A run in a moment, together with others who ask for one in the same breath. */
  soon(): void;
  close(): void;
}

/** What is asked for within this time shares a run, ms. */
const soonMs = 20;
/** Least time between the beginnings of two runs, ms, however often `soon` is called. */
const apartMsMin = 200;

/** Runs something every so often and on demand, never twice at once. The first run begins at once. */
export function startRhythm(clock: Clock, { run, everyMs }: RhythmOptions): Rhythm {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;
  let startedAt = Number.NEGATIVE_INFINITY;
  let due = Number.POSITIVE_INFINITY;
  let cancel = (): void => {};
  let closed = false;

  function now(): Promise<void> {
    if (closed) return Promise.resolve();
    if (next !== undefined) return next;
    if (running === undefined) {
      startedAt = clock.now();
      running = run().finally(() => {
        running = undefined;
      });
      return running;
    }
    // Whoever asks during a run gets the one after it, and all who ask share that one.
    next = running.then(() => {
      next = undefined;
      return now();
    });
    return next;
  }

  /** The next timed run is at `at` at the latest. */
  function schedule(at: Ms): void {
    if (closed || due <= at) return;
    cancel();
    due = at;
    cancel = clock.after(Math.max(0, at - clock.now()), () => {
      due = Number.POSITIVE_INFINITY;
      void now().then(() => schedule(startedAt + everyMs));
    });
  }

  schedule(clock.now());
  return {
    now,
    soon: () => schedule(Math.max(clock.now() + soonMs, startedAt + apartMsMin)),
    close() {
      closed = true;
      cancel();
    },
  };
}
