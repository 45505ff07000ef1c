import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { afterFailure, afterPause, afterSuccess, type Health, healthy, inOrder, standing } from "./health.ts";

const bounds = { least: 1000, most: 60_000 };
const fail = (health: Health, now: number) => afterFailure(health, now, now, bounds);
const peer = (name: string, health: Health = healthy, running = 0, latencyMs?: number) => ({
  name,
  health,
  running,
  latencyMs,
});
const names = (peers: { name: string }[]) => peers.map(({ name }) => name).join("");
const calm = { turn: 0, venture: false };

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

  test("never shortens a quarantine, and a pause is no incident", () => {
    const paused = afterPause(healthy, 0, 30_000);
    expect(fail(paused, 1).quarantinedUntil).toBe(30_000);
    expect(standing(paused, 30_000)).toBe("good");
  });
});

describe("order", () => {
  test("leaves nobody out", () => {
    const health = fc.oneof(
      fc.constant(healthy),
      fc.nat(5000).map((at) => fail(healthy, at)),
    );
    fc.assert(
      fc.property(
        fc.array(health, { maxLength: 8 }),
        fc.nat(),
        fc.nat(9000),
        fc.boolean(),
        (all, turn, now, venture) => {
          const peers = all.map((one, i) => peer(String(i), one, i % 3));
          expect(new Set(inOrder(peers, now, { turn, venture }))).toEqual(new Set(peers));
        },
      ),
    );
  });

  test("takes turns among equals and prefers the less busy and the quicker", () => {
    const equals = [peer("a"), peer("b"), peer("c")];
    expect(names(inOrder(equals, 0, { turn: 1, venture: false }))).toBe("bca");
    expect(names(inOrder([peer("a", healthy, 4), peer("b"), peer("c", healthy, 0, 900)], 0, calm))).toBe(
      "bac",
    );
  });

  test("puts quarantine last, soonest out first, and ventures on one probation at a time", () => {
    const peers = [
      peer("q", fail(healthy, 5000)),
      peer("p", fail(healthy, 0)),
      peer("g"),
      peer("r", fail(healthy, 4999)),
    ];
    expect(names(inOrder(peers, 5500, calm))).toBe("gprq");
    expect(names(inOrder(peers, 5500, { turn: 0, venture: true }))).toBe("pgrq");
    expect(
      names(inOrder([peer("p", fail(healthy, 0), 1), peer("g")], 5500, { turn: 0, venture: true })),
    ).toBe("gp");
  });
});
