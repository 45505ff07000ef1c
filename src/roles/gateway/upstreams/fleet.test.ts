import { expect, test } from "vitest";
import { Fleet, type Wanted } from "./fleet.ts";
import type { Member } from "./member.ts";

const said = "The quick brown fox jumps over the lazy dog";
const traits = { deterministic: true, prefill: true, replay: true };

function fleetOf(...names: string[]) {
  const fleet = new Fleet(names.map((name) => ({ name, url: `http://${name}/v1`, forwardAuth: false })));
  const wanted: Wanted = { model: "m", said, traits, tried: new Map(), running: new Set() };
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
