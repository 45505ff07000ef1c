import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { afterFailure, type Health, healthy } from "./health.ts";
import { type Candidate, rank } from "./rank.ts";

const bounds = { least: 1000, most: 60_000, kept: 0.5 };
const failedAt = (now: number) => afterFailure(healthy, now, now, bounds);
type Named = Candidate & { readonly name: string };
const candidate = (name: string, facts: Partial<Candidate> = {}): Named => ({
  ...{
    name,
    health: healthy,
    running: 0,
    slots: 4,
    latencyMs: undefined,
    bonded: true,
    price: 0,
    domain: [],
  },
  ...facts,
});
const calm = { spread: () => 0, ventureAt: undefined };
const order = (all: readonly Named[], now = 0, options: Parameters<typeof rank>[2] = calm) =>
  rank(all, now, options).map(({ name }) => name);

test("the less busy, the quicker, the bonded, the cheaper and the better proven come first", () => {
  expect(order([candidate("busy", { running: 3 }), candidate("idle")])).toEqual(["idle", "busy"]);
  expect(order([candidate("slow", { latencyMs: 900 }), candidate("quick")])).toEqual(["quick", "slow"]);
  expect(order([candidate("unbonded", { bonded: false }), candidate("bonded")])).toEqual([
    "bonded",
    "unbonded",
  ]);
  expect(order([candidate("dear", { price: 900 }), candidate("cheap", { price: 9 })])).toEqual([
    "cheap",
    "dear",
  ]);
  const blemished = candidate("blemished", { health: failedAt(0) });
  expect(order([blemished, candidate("clean")], 5000)).toEqual(["clean", "blemished"]);
});

test("full ones come after all that have a seat, and quarantine last, soonest out first", () => {
  const all = [
    candidate("q5", { health: failedAt(5000) }),
    candidate("q4", { health: failedAt(4999) }),
    candidate("full", { running: 4 }),
    candidate("probation", { health: failedAt(0) }),
    candidate("good", { running: 3 }),
  ];
  expect(order(all, 5500)).toEqual(["good", "probation", "full", "q4", "q5"]);
});

test("one on probation at a time is ventured on, at the place named for it", () => {
  const all = [candidate("a"), candidate("b"), candidate("c"), candidate("p", { health: failedAt(0) })];
  expect(order(all, 5000, { ...calm, ventureAt: 0 })).toEqual(["p", "a", "b", "c"]);
  expect(order(all, 5000, { ...calm, ventureAt: 2 })).toEqual(["a", "b", "p", "c"]);
  const busy = candidate("p", { health: failedAt(0), running: 1 });
  expect(order([busy, candidate("a")], 5000, { ...calm, ventureAt: 0 })).toEqual(["a", "p"]);
});

describe("where others have a stake", () => {
  const bonded = [candidate("a"), candidate("b"), candidate("c")];
  const strangers = ["x", "y"].map((name) => candidate(name, { bonded: false }));
  const staked = { ...calm, staked: true };

  test("strangers come after all others that are well, however busy those are", () => {
    const busy = bonded.map((each) => ({ ...each, running: 3 }));
    expect(order([...strangers, ...busy], 0, staked)).toEqual(["a", "b", "c", "x", "y"]);
  });

  test("one of them is ventured on where one is asked for, at a time", () => {
    const venture = { ...staked, ventureAt: 2, onStranger: true };
    expect(order([...strangers, ...bonded], 0, venture)).toEqual(["a", "b", "x", "c", "y"]);
    const failed = candidate("p", { health: failedAt(0) });
    expect(order([...strangers, failed, ...bonded], 5000, { ...venture, onStranger: false })[2]).toBe("p");
    const busy = strangers.map((each) => ({ ...each, running: 1 }));
    expect(order([...busy, failed, ...bonded], 5000, venture)[2]).toBe("p");
  });
});

describe("one that was caught lying", () => {
  const liar = candidate("liar", { honesty: failedAt(0) });
  const honest = [candidate("a"), candidate("b"), candidate("c")];
  const venture = { ...calm, ventureAt: 2, onStranger: true };

  test("comes after all that are well, however busy those are, and before those that are full", () => {
    const busy = honest.map((each) => ({ ...each, running: 3 }));
    const full = candidate("full", { running: 4 });
    for (const now of [0, 500, 5000]) {
      expect(order([liar, full, ...busy], now)).toEqual(["a", "b", "c", "liar", "full"]);
      expect(order([liar], now)).toEqual(["liar"]);
    }
  });

  test("may follow where a stranger may", () => {
    expect(order([liar, ...honest], 500, venture)).toEqual(["a", "b", "liar", "c"]);
    expect(order([liar, ...honest], 500, { ...venture, onStranger: false })).toEqual(["a", "b", "c", "liar"]);
  });

  test("may speak where it is judged, one answer at a time, when it was silent for long enough", () => {
    const judged = { ...venture, onLiar: true };
    expect(order([liar, ...honest], 500, judged)[0]).toBe("a");
    expect(order([liar, ...honest], 5000, judged)[0]).toBe("liar");
    expect(order([{ ...liar, running: 1 }, ...honest], 5000, judged)[0]).toBe("a");
    const strange = { ...liar, bonded: false };
    expect(order([strange, ...honest], 5000, { ...judged, staked: true })[0]).toBe("a");
  });

  test("never speaks where it is not judged while anybody honest is well", () => {
    const facts = fc.record({ running: fc.nat(3), latencyMs: fc.option(fc.nat(9000), { nil: undefined }) });
    const liars = fc.array(facts, { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(fc.array(facts, { minLength: 1, maxLength: 9 }), liars, fc.nat(9000), (good, bad, now) => {
        const all = [
          ...good.map((each) => candidate("honest", each)),
          ...bad.map((each) => candidate("liar", { ...each, honesty: failedAt(0) })),
        ];
        expect(order(all, now, { ...venture, ventureAt: 1 })[0]).toBe("honest");
      }),
    );
  });
});

test("whoever has read the prompt before comes first among equals, and after those that are less busy", () => {
  const reader = candidate("reader");
  const held = (index: number) => (index === 0 ? 1 : 0);
  const spread = (index: number) => [0.5, 0.1][index]!;
  expect(order([reader, candidate("other")], 0, { ...calm, spread, held })).toEqual(["reader", "other"]);
  const busy = { ...reader, running: 1 };
  expect(order([busy, candidate("other")], 0, { ...calm, spread, held })).toEqual(["other", "reader"]);
});

test("the next one is unlike those before it, when that costs little", () => {
  const one = candidate("a1", { domain: ["operator a", "region x"] });
  const sibling = candidate("a2", { domain: ["operator a", "region x"] });
  const other = candidate("b1", { domain: ["operator b", "region y"], running: 0 });
  expect(order([one, sibling, other])).toEqual(["a1", "b1", "a2"]);
  const busy = { ...other, running: 7, slots: 8 };
  expect(order([one, sibling, busy])).toEqual(["a1", "a2", "b1"]);
});

test("whoever joins those at work is unlike them, when that costs little", () => {
  const at = (place: string) => [`operator ${place}`, `region ${place}`];
  const left = ["a", "b", "c"].map((place) => candidate(`${place}2`, { domain: at(place) }));
  expect(order(left, 0, { ...calm, beside: [at("a"), at("b")] })).toEqual(["c2", "a2", "b2"]);
  const busy = left.map((each) => (each.name === "c2" ? { ...each, running: 3 } : each));
  expect(order(busy, 0, { ...calm, beside: [at("a"), at("b")] })[0]).toBe("a2");
});

test("the spread takes turns among equals", () => {
  const equals = ["a", "b", "c"].map((name) => candidate(name));
  const turn = (now: number) => ({ ...calm, spread: (index: number) => ((index + 3 - now) % 3) / 3 });
  expect([0, 1, 2].map((now) => order(equals, 0, turn(now))[0])).toEqual(["a", "b", "c"]);
});

test("nobody is left out", () => {
  const health: fc.Arbitrary<Health> = fc.oneof(fc.constant(healthy), fc.nat(5000).map(failedAt));
  const any = fc.record({
    ...{ health, honesty: health },
    running: fc.nat(6),
    latencyMs: fc.option(fc.nat(9000), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 40 }), fc.nat(9000), fc.option(fc.nat(4)), (facts, now, at) => {
      const all = facts.map((each, index) => candidate(String(index), each));
      const ordered = rank(all, now, { spread: () => 0, ventureAt: at ?? undefined });
      expect(ordered.length).toBe(all.length);
      expect(new Set(ordered)).toEqual(new Set(all));
    }),
  );
});
