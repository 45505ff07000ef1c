import type { Clock } from "../../../ports.ts";

/**
 * The time of one job: the clock's, less the times in which this process itself stood still. Whoever wakes late was
 * asleep, and what others said meanwhile waits to be read; taken at its word, the clock would call them all silent.
 */
export interface JobClock {
  now(): number;
  /** Calls `run` at this time of the job, instead of the call before. */
  wake(at: number, run: () => void): void;
  cancel(): void;
  /** What the clock will say, or said, at about this time of the job. */
  real(at: number): number;
}

export function createJobClock(clock: Clock): JobClock {
  let asleepMs = 0;
  let wakeAt = Number.POSITIVE_INFINITY;
  let cancel = () => {};

  const now = () => {
    const overslept = clock.now() - asleepMs - wakeAt;
    // Back to just before it was to wake: what has arrived is read before anything is due.
    if (overslept > oversleptMs) asleepMs += overslept + 1;
    return clock.now() - asleepMs;
  };

  function arm(run: () => void): void {
    cancel();
    if (wakeAt === Number.POSITIVE_INFINITY) return;
    cancel = clock.after(Math.max(1, wakeAt - now()), () => {
      if (now() < wakeAt) return arm(run);
      wakeAt = Number.POSITIVE_INFINITY;
      run();
    });
  }

  return {
    now,
    wake(at, run) {
      if (at === wakeAt) return;
      // What there was to oversleep is overslept before the next time is set.
      now();
      wakeAt = at;
      arm(run);
    },
    cancel: () => cancel(),
    real: (at) => at + asleepMs,
  };
}

/** Timers of a process that is at leisure are a few ms late. */
const oversleptMs = 50;
