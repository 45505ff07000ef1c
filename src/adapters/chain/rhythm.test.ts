import { expect, test } from "vitest";
import type { Clock } from "../../ports.ts";
import { startRhythm } from "./rhythm.ts";

/** A clock that is moved by hand. */
function handClock() {
  let time = 0;
  const timers = new Set<{ at: number; run: () => void }>();
  const clock: Clock = {
    now: () => time,
    wall: () => time,
    after(delay, run) {
      const timer = { at: time + delay, run };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
  async function move(to: number): Promise<void> {
    for (;;) {
      const [next] = [...timers].filter(({ at }) => at <= to).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      timers.delete(next);
      time = next.at;
      next.run();
      await settled();
    }
    time = to;
  }
  return { clock, move, timers };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function counted(clock: Clock, everyMs = 1000) {
  const starts: number[] = [];
  const gate: { held: boolean; open: () => void } = { held: false, open: () => {} };
  const rhythm = startRhythm(clock, {
    everyMs,
    run: async () => {
      starts.push(clock.now());
      if (!gate.held) return;
      await new Promise<void>((resolve) => {
        gate.open = resolve;
      });
    },
  });
  return { rhythm, starts, gate };
}

test("it runs at once and then every so often", async () => {
  const { clock, move } = handClock();
  const { starts, rhythm } = counted(clock);
  await move(3500);
  expect(starts).toEqual([0, 1000, 2000, 3000]);
  rhythm.close();
  await move(9000);
  expect(starts).toHaveLength(4);
});

test("what is asked for together shares a run, and runs keep a distance however much is asked for", async () => {
  const { clock, move } = handClock();
  const { starts, rhythm } = counted(clock);
  await move(500);
  for (let i = 0; i < 100; i++) rhythm.soon();
  await move(520);
  expect(starts).toEqual([0, 520]);
  for (let time = 530; time < 1000; time += 5) {
    rhythm.soon();
    await move(time);
  }
  expect(starts).toEqual([0, 520, 720, 920]);
});

test("nothing runs twice at once, and whoever asks during a run gets the next one, shared", async () => {
  const { clock, move, timers } = handClock();
  const { starts, rhythm, gate } = counted(clock);
  await move(10);
  gate.held = true;
  const first = rhythm.now();
  const waiting = Array.from({ length: 50 }, () => rhythm.now());
  await move(5000);
  expect(starts).toEqual([0, 10]);
  gate.held = false;
  gate.open();
  await Promise.all([first, ...waiting]);
  expect(starts).toEqual([0, 10, 5000]);
  await settled();
  expect(timers.size).toBe(1);
});
