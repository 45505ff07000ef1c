import { expect, test } from "vitest";
import type { Reply } from "../../../ports.ts";
import type { Call } from "../backend.ts";
import { Fleet, type Wanted } from "./fleet.ts";
import type { Member } from "./member.ts";

const said = "The quick brown fox jumps over the lazy dog";
const prefixKey = new Uint8Array(32);
const traits = { deterministic: true, prefill: true, replay: true };

const wantedOf = (model: string): Wanted => ({
  ...{ model, said, traits, tried: new Map(), running: new Set(), lacking: false, marks: [] },
});

function fleetOf(...names: string[]) {
  const fleet = new Fleet(
    names.map((name) => ({ name, url: `http://${name}/v1`, forwardAuth: false })),
    prefixKey,
  );
  const wanted = wantedOf("m");
  const of = (name: string) => fleet.members.find(({ target }) => target.name === name)!;
  const choose = (changes: Partial<Wanted> = {}, now = 0) => {
    const { member, plan, style } = fleet.choose({ ...wanted, ...changes }, now)!;
    return { name: member.target.name, how: plan.how, style };
  };
  return { fleet, of, choose };
}

function refuseAll(member: Member): void {
  member.prefillRefused("m", "flags", 0);
  member.prefillRefused("m", "plain", 0);
}

test("who can go on at once is asked before who must say everything again", () => {
  const { of, choose } = fleetOf("a", "b", "c");
  refuseAll(of("a"));
  refuseAll(of("c"));
  for (let turn = 0; turn < 6; turn++) expect(choose()).toMatchObject({ name: "b", how: "prefill" });
  expect(choose({ running: new Set([of("b")]) })).toMatchObject({ how: "replay" });
});

test("of two upstreams the dearer is asked later, and beside one at work the one that fails with it", () => {
  const first = (running: readonly string[], specs: ReadonlyArray<{ price?: number; domain?: string }>) => {
    const targets = specs.map((spec, at) => ({
      name: "abc"[at]!,
      url: `http://${at}/v1`,
      forwardAuth: false,
      ...spec,
    }));
    const fleet = new Fleet(targets, prefixKey);
    const members = fleet.members.filter(({ target }) => running.includes(target.name));
    const wanted = { ...wantedOf("m"), said: "", running: new Set(members) };
    return new Set(Array.from({ length: 6 }, () => fleet.choose(wanted, 0)?.member.target.name));
  };
  expect(first([], [{ price: 10 }, { price: 1 }])).toEqual(new Set(["b"]));
  expect(first([], [{ price: 0.6 }, { price: 0.15 }])).toEqual(new Set(["b"]));
  expect(first([], [{}, {}])).toEqual(new Set(["a", "b"]));
  expect(first(["a"], [{ domain: "rack" }, { domain: "rack" }, {}])).toEqual(new Set(["c"]));
  expect(first(["a"], [{}, {}, {}])).toEqual(new Set(["b", "c"]));
});

test("a replay elsewhere is better than waiting on one in quarantine", () => {
  const { of, choose } = fleetOf("a", "b");
  refuseAll(of("a"));
  of("b").faulted({ code: "broken", detail: "reset" }, 0, 1);
  for (let turn = 0; turn < 4; turn++) expect(choose({}, 2)).toMatchObject({ name: "a", how: "replay" });
});

test("who has gone quiet in all its streams is asked after others, and before nobody", () => {
  const { of, choose } = fleetOf("a", "b");
  const a = of("a");
  for (let piece = 0; piece < 20; piece++) {
    a.heardAfter("first", 30);
    a.heardAfter("gap", 30);
  }
  a.streams = 2;
  a.speaking = 1;
  a.askedAt = 1_190;
  a.heardAt = 1_000;
  expect(a.isQuiet(1_030)).toBe(false);
  for (let turn = 0; turn < 4; turn++) expect(choose({ said: "" }, 1_200)).toMatchObject({ name: "b" });
  expect(choose({ said: "", running: new Set([of("b")]) }, 1_200)).toMatchObject({ name: "a" });
});

test("slow is who speaks far more slowly than it did, or than most others do", () => {
  const { fleet, of } = fleetOf("a", "b", "c");
  const spoken = (intervalMs: number) => ({ intervalMs, deviationMs: 0, heard: 9 });
  expect(fleet.isSlow(of("a"), 1_000)).toBe(false);
  for (const [name, paceMs] of [
    ["a", 5],
    ["b", 6],
    ["c", 90],
  ] as const) {
    of(name).endedWell(0, spoken(paceMs));
  }
  expect(fleet.isSlow(of("a"), 100)).toBe(true);
  expect(fleet.isSlow(of("a"), 15)).toBe(false);
  expect(fleet.isSlow(of("c"), 90)).toBe(true);
});

test("who has just refused one way is asked the other, and what was learnt stays", () => {
  const { of, choose } = fleetOf("a", "b", "c");
  const b = of("b");
  b.prefillRefused("m", "flags", 0);
  expect(choose({ again: b })).toEqual({ name: "b", how: "prefill", style: "plain" });
  // A refusal that was on its way meanwhile.
  b.prefillRefused("m", "flags", 0);
  refuseAll(b);
  b.prefillRefused("m", "flags", 0);
  expect(b.prefillStyle("m", 1)).toBeUndefined();
});

test("who said that it has no such model is asked last, and not at all once another says so too", () => {
  const { of, choose, fleet } = fleetOf("a", "b");
  of("a").denied("m", 0);
  for (let turn = 0; turn < 4; turn++) expect(choose({ said: "" })).toMatchObject({ name: "b" });
  const left = { said: "", running: new Set([of("b")]) };
  expect(choose(left)).toMatchObject({ name: "a" });
  expect(fleet.choose({ ...wantedOf("m"), ...left, lacking: true }, 0)).toBeUndefined();
  expect(choose({ ...left, lacking: true }, 60_000)).toMatchObject({ name: "a" });
});

test("a name that nobody lists is asked of all but those who said that they lack it", () => {
  const { of, fleet } = fleetOf("a", "b", "c");
  for (const { target } of fleet.members) of(target.name).catalogue = new Set(["m"]);
  of("a").denied("alias", 0);
  const next = (...running: string[]) => {
    const wanted = { ...wantedOf("alias"), said: "", lacking: true, running: new Set(running.map(of)) };
    return fleet.choose(wanted, 0)?.member.target.name;
  };
  expect(new Set([next(), next(), next()])).toEqual(new Set(["b", "c"]));
  expect(next("b", "c")).toBeUndefined();
  of("b").catalogue = new Set(["alias"]);
  expect(next("b"), "one is known to have it").toBeUndefined();
});

test("there is room where somebody alive has a free seat, and at one in quarantine when there is nobody else", () => {
  const { of, fleet } = fleetOf("a", "b");
  const [a, b] = [of("a"), of("b")];
  a.faulted({ code: "busy", detail: "status 429", retryAfterMs: 0 }, 0, 0);
  expect(fleet.hasRoomFor("m", 2, 0)).toBe(true);
  a.running = 1;
  expect(fleet.hasRoomFor("m", 2, 0)).toBe(false);
  expect(fleet.hasRoomFor("m", 1, 0)).toBe(true);
  b.faulted({ code: "broken", detail: "reset" }, 0, 1);
  expect(fleet.hasRoomFor("m", 1, 2), "who fails has no seat while another lives").toBe(false);
  a.faulted({ code: "broken", detail: "reset" }, 0, 1);
  expect(fleet.hasRoomFor("m", 1, 2)).toBe(true);
});

test("those that ask for a pause are left alone, and what they turned away tells how much they take", () => {
  const { of, fleet } = fleetOf("a", "b");
  for (const name of ["a", "b"]) {
    of(name).running = 3;
    of(name).faulted({ code: "busy", detail: "status 429", retryAfterMs: 2_000 }, 0, 1_000);
  }
  expect(fleet.hasRoomFor("m", 1, 1_500)).toBe(false);
  expect(fleet.pauseMs("m", 1_500)).toBe(1_500);
  expect(fleet.hasRoomFor("m", 1, 3_000), "as many are at work as it takes").toBe(false);
  of("a").running = 2;
  expect(fleet.hasRoomFor("m", 1, 3_000)).toBe(true);
});

test("a long conversation goes on where it was read, while others are no less busy, and a short one anywhere", () => {
  const { fleet, of, choose } = fleetOf("a", "b", "c", "d");
  const callOf = (...contents: unknown[]): Call => {
    const messages = contents.map((content) => ({ role: "user", content }));
    const body = { model: "m", messages };
    const facts = { requestId: "", headers: {}, reply: {} as Reply };
    return { endpoint: "chat/completions", body, raw: JSON.stringify(body), ...facts };
  };
  const askedFor = (call: Call) => {
    const asked = { said: "", marks: fleet.marksOf(call) };
    return new Set(Array.from({ length: 8 }, () => choose(asked).name));
  };
  const long = [{ type: "text", text: "word ".repeat(1_000) }];
  fleet.read(fleet.marksOf(callOf(long)), of("c"));
  expect(askedFor(callOf(long, "and then?"))).toEqual(new Set(["c"]));
  expect(askedFor(callOf("other".repeat(1_000), "and then?")).size).toBe(4);
  fleet.read(fleet.marksOf(callOf("short")), of("c"));
  expect(askedFor(callOf("short", "and then?")).size).toBe(4);
  of("c").running = 1;
  expect(askedFor(callOf(long, "and then?"))).not.toContain("c");
});

test("messages that are no list, nested beyond all reason or far too long are no conversation", () => {
  const { fleet } = fleetOf("a", "b");
  const depth = 100_000;
  for (const written of ["7", `["${"x".repeat(1 << 19)}"]`, `[${"[".repeat(depth)}${"]".repeat(depth)}]`]) {
    const raw = `{"model":"m","messages":${written}${" ".repeat(4_000)}}`;
    const call = {
      endpoint: "chat/completions" as const,
      body: JSON.parse(raw),
      raw,
      requestId: "",
      headers: {},
    };
    expect(fleet.marksOf({ ...call, reply: {} as Reply })).toEqual([]);
  }
});
