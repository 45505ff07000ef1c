import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  afterFailure,
  afterPause,
  afterRestart,
  afterSuccess,
  awayUntil,
  type Health,
  healthy,
  standing,
} from "./health.ts";

const bounds = { least: 1000, most: 60_000, kept: 0.5 };
const fail = (health: Health, now: number) => afterFailure(health, now, now, bounds);
const succeed = (health: Health, now: number) => afterSuccess(health, now, bounds);

describe("health", () => {
  test("lengthens quarantine with every incident, up to a bound, and then gives a way back", () => {
    let health = fail(healthy, 0);
    expect(standing(health, 999)).toBe("quarantined");
    expect(standing(health, 1000)).toBe("probation");
    health = fail(health, 1000);
    expect(standing(health, 2999)).toBe("quarantined");
    for (let i = 1; i <= 40; i++) health = fail(health, 60_000 * i);
    expect(health.quarantinedUntil).toBe(41 * 60_000);
    for (let i = 0; i < 40; i++) health = succeed(health, 42 * 60_000);
    expect(standing(health, 42 * 60_000)).toBe("good");
  });

  test("counts all that died together as one incident", () => {
    const once = afterFailure(healthy, 0, 100, bounds);
    expect(afterFailure(once, 50, 101, bounds)).toEqual(once);
  });

  test("is not restored by an answer that began before the incident", () => {
    const health = fail(healthy, 100);
    expect(afterSuccess(health, 50, bounds)).toEqual(health);
  });

  test("a restart ends the quarantine, but the next one is no shorter for it", () => {
    const health = afterRestart(fail(healthy, 0));
    expect(standing(health, 1)).toBe("probation");
    expect(fail(health, 1).quarantinedUntil).toBe(2001);
  });

  test("a pause is no incident, and neither cuts the other short", () => {
    const paused = afterPause(healthy, 0, 30_000);
    expect(awayUntil(fail(paused, 1))).toBe(30_000);
    expect(awayUntil(afterPause(fail(healthy, 0), 0, 10))).toBe(1000);
    expect(standing(paused, 30_000)).toBe("good");
  });

  test("what is sent there in spite of a quarantine shows that it is not over, and makes the next no longer", () => {
    const times = fc.array(fc.nat(999), { maxLength: 60 });
    fc.assert(
      fc.property(times, (at) => {
        const once = fail(healthy, 0);
        const late = at.toSorted((a, b) => a - b).reduce((health, now) => fail(health, now), once);
        const last = Math.max(0, ...at);
        expect(late).toEqual({ ...once, quarantinedUntil: last + bounds.least });
      }),
    );
  });

  test("whoever fails whenever it is tried is away no longer than it has failed, and a first time", () => {
    // It is well again at some moment: asked as soon as it may be, it has a way back within that time.
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60_000 }), fc.nat(200), (failingMs, waitMs) => {
        let health = healthy;
        for (let now = 0; now < failingMs; now = awayUntil(health) + waitMs) {
          for (let late = 0; late < 3; late++) health = fail(health, Math.min(failingMs, now + late * 300));
        }
        expect(awayUntil(health) - failingMs).toBeLessThanOrEqual(failingMs + bounds.least);
      }),
    );
  });
});

describe("what is kept of a lie", () => {
  const lies = { least: 60_000, most: 3_600_000, kept: 0.95 };

  /** How many truthful answers in a row make a liar good again. */
  function owed(told: number): number {
    let health = healthy;
    for (let lie = 0; lie < told; lie++) {
      const now = 4_000_000 * lie;
      health = afterFailure(health, now, now, lies);
    }
    let count = 0;
    for (; standing(health, Number.MAX_SAFE_INTEGER) !== "good"; count++)
      health = afterSuccess(health, 4_000_000 * told, lies);
    return count;
  }

  test("many truths make up for one lie, and more for each further one", () => {
    expect(owed(1)).toBe(14);
    expect(owed(2)).toBe(28);
    for (let told = 1; told < 20; told++) expect(owed(told + 1)).toBeGreaterThan(owed(told));
  });

  test("whoever lies in every tenth answer is never believed for long", () => {
    let health = healthy;
    let good = 0;
    for (let answer = 0; answer < 1000; answer++) {
      const now = 4_000_000 * answer;
      if (standing(health, now) === "good") good += 1;
      health = answer % 10 === 0 ? afterFailure(health, now, now, lies) : afterSuccess(health, now, lies);
    }
    expect(good).toBe(1);
  });
});
