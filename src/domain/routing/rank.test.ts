import { expect, test } from "vitest";
import type { PeerId, SessionKey } from "../ids.ts";
import { type Known, rank } from "./rank.ts";

const provider = (name: string, facts: Partial<Known> = {}): Known => ({
  ...{ peer: name as PeerId, sessionKey: "" as SessionKey, witness: true, resume: true },
  ...{ running: 0, slots: 4, stake: 1n, quarantinedUntil: 0, score: 1, domain: [] },
  ...facts,
});
const names = (known: readonly Known[]) => rank(known, 100, () => 0).map(({ peer }) => peer);

test("those in quarantine come last, but nobody is left out", () => {
  const resting = provider("resting", { quarantinedUntil: 200 });
  expect(names([resting, provider("well")])).toEqual(["well", "resting"]);
  expect(names([resting])).toEqual(["resting"]);
});

test("the less busy, the better proven and the bonded come first", () => {
  expect(names([provider("busy", { running: 3 }), provider("idle")])).toEqual(["idle", "busy"]);
  expect(names([provider("blemished", { score: 0.5 }), provider("clean")])).toEqual(["clean", "blemished"]);
  expect(names([provider("unbonded", { stake: 0n }), provider("bonded")])).toEqual(["bonded", "unbonded"]);
});

test("the next one is unlike those before it, when that costs little", () => {
  const one = provider("a1", { domain: ["operator a", "region x"] });
  const sibling = provider("a2", { domain: ["operator a", "region x"], score: 1 });
  const other = provider("b1", { domain: ["operator b", "region y"], score: 0.8 });
  expect(names([one, sibling, other])).toEqual(["a1", "b1", "a2"]);
});

test("chance spreads equal providers", () => {
  const equals = ["a", "b", "c"].map((name) => provider(name));
  const first = (draws: number[]) => rank(equals, 0, () => draws.shift() ?? 0)[0]!.peer;
  expect([first([0.9, 0, 0]), first([0, 0.9, 0]), first([0, 0, 0.9])]).toEqual(["a", "b", "c"]);
});
