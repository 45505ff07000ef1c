import type { Ms } from "../../domain/ids.ts";
import type { Clock } from "../../ports.ts";

/** Steps of one engine, for all its sequences together, as engines do that work in batches. */
export interface Ticker {
  /** Resolves at the so-manieth step from now; at once for none, and when the signal aborts. */
  wait(steps: number, signal: AbortSignal): Promise<void>;
}

/**
 * A step every so many ms while anybody waits for one. One timer serves all, and what they say leaves together: with a
 * timer for each sequence, waking up would cost more than all the rest.
 */
export function createTicker(clock: Clock, stepMs: Ms): Ticker {
  const begunAt = clock.now();
  const waiting = new Set<{ readonly due: number; readonly wake: () => void }>();
  let running = false;

  const stepNow = () => Math.floor((clock.now() - begunAt) / stepMs);

  function run(): void {
    running = waiting.size > 0;
    if (!running) return;
    const nextAt = begunAt + (stepNow() + 1) * stepMs;
    clock.after(Math.max(1, nextAt - clock.now()), () => {
      const step = stepNow();
      for (const one of [...waiting]) if (one.due <= step) one.wake();
      run();
    });
  }

  return {
    wait(steps, signal) {
      if (steps < 1 || signal.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const wake = () => {
          waiting.delete(place);
          signal.removeEventListener("abort", wake);
          resolve();
        };
        const place = { due: stepNow() + steps, wake };
        waiting.add(place);
        signal.addEventListener("abort", wake);
        if (!running) run();
      });
    },
  };
}
