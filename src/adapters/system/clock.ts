import type { Clock } from "../../ports.ts";

/** The machine's clocks. Monotonic time never jumps when somebody sets the wall clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(delay, run) {
    const timer = setTimeout(run, delay);
    return () => clearTimeout(timer);
  },
};
