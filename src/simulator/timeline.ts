import type { Ms } from "../domain/ids.ts";
import type { Clock } from "../ports.ts";

/** Simulated time: a queue of happenings in order of (time, sequence). Time jumps from one to the next. */
export interface Timeline {
  readonly now: () => Ms;
  at(time: Ms, run: () => void): () => void;
  /** A node's clock on this time. `offsetMs` sets its wall clock apart from the others'. */
  clock(offsetMs?: number): Clock;
  /** Runs until `done()` or until nothing is left before `until`. */
  run(until: Ms, done: () => boolean): Promise<void>;
  readonly events: () => number;
}

interface Happening {
  readonly time: Ms;
  readonly order: number;
  run: (() => void) | undefined;
}

/** Unix time of simulated zero; any fixed number does. */
const epoch = 1_700_000_000_000;

export function createTimeline(): Timeline {
  const heap: Happening[] = [];
  let now = 0;
  let order = 0;
  let events = 0;

  const at = (time: Ms, run: () => void) => {
    const happening: Happening = { time: Math.max(time, now), order: order++, run };
    push(heap, happening);
    return () => {
      happening.run = undefined;
    };
  };

  return {
    now: () => now,
    at,
    clock: (offsetMs = 0) => ({
      now: () => now,
      wall: () => epoch + now + offsetMs,
      after: (delay, run) => at(now + Math.max(0, delay), run),
    }),
    events: () => events,
    async run(until, done) {
      await settle();
      while (!done()) {
        const next = pop(heap);
        if (next === undefined || next.time > until) return;
        if (next.run === undefined) continue;
        now = next.time;
        events += 1;
        next.run();
        await settle();
      }
    },
  };
}

/** Lets every promise that can go on do so. Nothing real is ever pending, so afterwards the world stands still. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(a: Happening, b: Happening): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order);
}

function push(heap: Happening[], item: Happening): void {
  heap.push(item);
  for (let at = heap.length - 1; at > 0; ) {
    const parent = (at - 1) >> 1;
    if (!isBefore(heap[at]!, heap[parent]!)) return;
    [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
    at = parent;
  }
}

function pop(heap: Happening[]): Happening | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  heap[0] = last;
  for (let at = 0; ; ) {
    const left = 2 * at + 1;
    const right = left + 1;
    let least = at;
    if (left < heap.length && isBefore(heap[left]!, heap[least]!)) least = left;
    if (right < heap.length && isBefore(heap[right]!, heap[least]!)) least = right;
    if (least === at) return first;
    [heap[at], heap[least]] = [heap[least]!, heap[at]!];
    at = least;
  }
}
