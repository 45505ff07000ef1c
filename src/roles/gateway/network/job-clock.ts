import type { Ms } from "../../../domain/ids.ts";
import type { Clock } from "../../../ports.ts";

/**
 * The time of one job: the clock's, less the times in which this process itself stood still. Whoever wakes late was
 * asleep, and what others said meanwhile waits to be read; taken at its word, the clock would call them all silent.
 *
 * That is forgiven once for each wake: by its second turn what had arrived is read, and a process that is late at every
 * turn must act all the same. The job's end is the clock's: it was promised to somebody who did not stand still. So is the
 * last of its time before, in which an answer that is whole is to go out.
 */
export interface JobClock {
  now(): Ms;
  /** Calls `run` at this time of the job, instead of the call before. */
  wake(at: Ms, run: () => void): void;
  cancel(): void;
  /** What the clock will say, or said, at about this time of the job. */
  real(at: Ms): Ms;
}

/** `endAt`: when the job is over, by the clock. */
export function createJobClock(clock: Clock, endAt: Ms): JobClock {
  const strictAt = endAt - strictMs;
  let asleepMs = 0;
  let wakeAt = Number.POSITIVE_INFINITY;
  let isForgiven = false;
  let cancel = () => {};

  const now = () => {
    const time = clock.now();
    if (time >= strictAt) return time;
    const overslept = time - asleepMs - wakeAt;
    if (overslept > oversleptMs && !isForgiven) {
      // Back to just before it was to wake: what has arrived is read before anything is due.
      asleepMs += overslept + 1;
      isForgiven = true;
    }
    return time - asleepMs;
  };

  function arm(run: () => void): void {
    cancel();
    if (wakeAt === Number.POSITIVE_INFINITY) return;
    const strictIn = strictAt - clock.now();
    const delay = Math.max(1, wakeAt - now());
    cancel = clock.after(strictIn > 0 ? Math.min(delay, strictIn) : delay, () => {
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
      isForgiven = false;
      arm(run);
    },
    cancel: () => cancel(),
    real: (at) => at + asleepMs,
  };
}

/** Timers of a process that is at leisure are a few ms late. */
const oversleptMs: Ms = 50;
/** More than `budgets.lastWordMs`, and time to read what a pause has kept waiting. */
const strictMs: Ms = 1_000;
