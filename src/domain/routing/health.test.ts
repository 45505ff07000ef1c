import { describe, expect, test } from "vitest";
import {
  afterFailure,
  afterPause,
  afterRestart,
  afterSuccess,
  type Health,
  healthy,
  standing,
} from "./health.ts";

const bounds = { least: 1000, most: 60_000 };
const fail = (health: Health, now: number) => afterFailure(health, now, now, bounds);

describe("health", () => {
  test("lengthens quarantine with every incident, up to a bound, and then gives a way back", () => {
    let health = fail(healthy, 0);
    expect(standing(health, 999)).toBe("quarantined");
    expect(standing(health, 1000)).toBe("probation");
    health = fail(health, 1000);
    expect(standing(health, 2999)).toBe("quarantined");
    for (let i = 0; i < 40; i++) health = fail(health, 10_000);
    expect(health.quarantinedUntil).toBe(70_000);
    for (let i = 0; i < 40; i++) health = afterSuccess(health, 80_000);
    expect(standing(health, 80_000)).toBe("good");
  });

  test("counts all that died together as one incident", () => {
    const once = afterFailure(healthy, 0, 100, bounds);
    expect(afterFailure(once, 50, 101, bounds)).toEqual(once);
  });

  test("is not restored by an answer that began before the incident", () => {
    const health = fail(healthy, 100);
    expect(afterSuccess(health, 50)).toEqual(health);
  });

  test("a restart ends the quarantine, but the next one is no shorter for it", () => {
    const health = afterRestart(fail(healthy, 0));
    expect(standing(health, 1)).toBe("probation");
    expect(fail(health, 1).quarantinedUntil).toBe(2001);
  });

  test("never shortens a quarantine, and a pause is no incident", () => {
    const paused = afterPause(healthy, 0, 30_000);
    expect(fail(paused, 1).quarantinedUntil).toBe(30_000);
    expect(standing(paused, 30_000)).toBe("good");
  });
});
