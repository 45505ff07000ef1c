import { beforeEach, expect, test } from "vitest";
import type { Clock } from "../../../ports.ts";
import { createJobClock } from "./job-clock.ts";

/** A process that can stand still: timers that fell due meanwhile fire when it goes on. */
let time: number;
let timers: Array<{ at: number; run: () => void }>;
const clock: Clock = {
  now: () => time,
  wall: () => time,
  after(delay, run) {
    const timer = { at: time + delay, run };
    timers.push(timer);
    return () => {
      timers = timers.filter((each) => each !== timer);
    };
  },
};

beforeEach(() => {
  [time, timers] = [0, []];
});

/** Time jumps, then everything that is due runs. */
function pass(ms: number): void {
  time += ms;
  for (const timer of timers.filter(({ at }) => at <= time)) {
    timers = timers.filter((each) => each !== timer);
    timer.run();
  }
}

test("wakes at the time asked for, and once", () => {
  const job = createJobClock(clock);
  const woken: number[] = [];
  job.wake(30, () => woken.push(job.now()));
  for (let step = 0; step < 10; step++) pass(10);
  expect(woken).toEqual([30]);
});

test("a pause of the process is no time in which others were silent, and what arrived meanwhile comes first", () => {
  const job = createJobClock(clock);
  const woken: number[] = [];
  job.wake(30, () => woken.push(job.now()));
  pass(20);
  pass(800);
  expect(job.now(), "just before it was to wake").toBe(29);
  expect(woken).toEqual([]);
  pass(1);
  expect(woken).toEqual([30]);
  expect(job.real(30)).toBe(821);
});

test("a pause that ends with a word instead of a timer is noticed too", () => {
  const job = createJobClock(clock);
  job.wake(30, () => {});
  time += 800;
  expect(job.now()).toBe(29);
  job.wake(279, () => {});
  pass(250);
  expect(job.now()).toBe(279);
});
