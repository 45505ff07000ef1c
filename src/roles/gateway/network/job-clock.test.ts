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
  const job = createJobClock(clock, 10_000);
  const woken: number[] = [];
  job.wake(30, () => woken.push(job.now()));
  for (let step = 0; step < 10; step++) pass(10);
  expect(woken).toEqual([30]);
});

test("a pause of the process is no time in which others were silent, and what arrived meanwhile comes first", () => {
  const job = createJobClock(clock, 10_000);
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
  const job = createJobClock(clock, 10_000);
  job.wake(30, () => {});
  time += 800;
  expect(job.now()).toBe(29);
  job.wake(279, () => {});
  pass(250);
  expect(job.now()).toBe(279);
});

test("a process that is late at every turn acts at its second turn", () => {
  const job = createJobClock(clock, 10_000);
  const woken: number[] = [];
  const wake = (at: number) =>
    job.wake(at, () => {
      woken.push(job.now());
      wake(job.now() + 130);
    });
  wake(30);
  for (let turn = 0; turn < 40; turn++) pass(120);
  // Two turns until it is due, one that is forgiven, and the one after that.
  expect(woken.length).toBeGreaterThanOrEqual(40 / 4);
  expect(woken).toEqual(woken.toSorted((a, b) => a - b));
});

test("no pause of the process puts off the job's own end, which comes nearer by as much", () => {
  const job = createJobClock(clock, 3_000);
  const woken: number[] = [];
  job.wake(30, () => {});
  pass(800);
  expect([job.now(), job.endAt()]).toEqual([29, 2_229]);
  expect(job.real(job.endAt())).toBe(3_000);
  job.wake(2_900, () => woken.push(time));
  for (let step = 0; step < 22; step++) pass(100);
  expect([woken, job.now()], "by the clock, however much later it was to wake").toEqual([[3_000], 2_229]);
});

test("a pause beyond the job's end is found out at once", () => {
  const job = createJobClock(clock, 3_000);
  const woken: boolean[] = [];
  job.wake(2_000, () => woken.push(job.now() >= job.endAt()));
  pass(5_000);
  pass(1);
  expect(woken).toEqual([true]);
});

test("near its end time goes on as before, whatever pauses there were: who spoke just now spoke just now", () => {
  const job = createJobClock(clock, 10_000);
  for (let pause = 0; pause < 4; pause++) {
    job.wake(job.now() + 30, () => {});
    pass(500);
  }
  const [before, at] = [job.now(), time];
  for (let step = 0; step < 100 && time < 9_990; step++) {
    pass(80);
    job.wake(job.now() + 700, () => {});
  }
  expect(job.now() - before).toBe(time - at);
});
