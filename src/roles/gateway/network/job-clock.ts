import type { Ms } from "../../../domain/ids.ts";
import type { Clock } from "../../../ports.ts";

/**
 * The time of one job: the clock's, less the times in which this process itself stood still. Whoever wakes late was
 * asleep, and what others said meanwhile waits to be read; taken at its word, the clock would call them all silent.
 *
 * That is forgiven once for each wake: by its second turn what had arrived is read, and a process that is late at every
 * turn must act all the same. The job's end is the clock's: it was promised to somebody who did not stand still. So it
 * comes nearer by what is forgiven: a leap of the job's time towards it would call those silent who spoke just now.
 */
export interface JobClock {
  now(): Ms;
  /** When the job is over, in its time. To be asked after `now`, which may bring it nearer. */
  endAt(): Ms;
  /** Calls `run` at this time of the job, or at its end if that is sooner, instead of the call before. */
  wake(at: Ms, run: () => void): void;
  cancel(): void;
  /** What the clock will say, or said, at about this time of the job. */
  real(at: Ms): Ms;
}

/** `endAt`: when the job is over, by the clock. */
export function createJobClock(clock: Clock, endAt: Ms): JobClock {
  let asleepMs = 0;
  let wakeAt = Number.POSITIVE_INFINITY;
  let isForgiven = false;
  let cancel = () => {};

  const now = () => {
    const time = clock.now();
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
    const due = () => Math.min(wakeAt, endAt - asleepMs);
    const delay = Math.max(1, due() - now());
    cancel = clock.after(delay, () => {
      if (now() < due()) return arm(run);
      wakeAt = Number.POSITIVE_INFINITY;
      run();
    });
  }

  return {
    now,
    endAt: () => endAt - asleepMs,
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
