import fc from "fast-check";
import { expect, test } from "vitest";
import { type Judge, judgeMargin, judgeToken, judgeUnknown, judgeUntil, tolerances } from "./judge.ts";
import { choose } from "./sampler.ts";

const margins = fc.array(fc.double({ min: 0, max: 2, noNaN: true }), { maxLength: 200 });

function judgeAll(all: readonly number[], from: Judge = judgeUnknown) {
  let judge = from;
  let rejection: { at: number; reason: string } | undefined;
  for (const margin of all) {
    const at: number = judge.position + 1;
    const step = judgeMargin(judge, { position: at, margin, begins: false });
    judge = step.judge;
    if (step.rejected !== undefined) rejection ??= { at, reason: step.rejected };
  }
  return { judge, rejection };
}

test("one margin above the tolerance rejects its token", () => {
  expect(judgeAll([0, 0, 0, tolerances.marginMax + 0.01, 0]).rejection).toEqual({ at: 3, reason: "margin" });
  expect(judgeAll([0, 0, 0, tolerances.marginMax, 0]).rejection).toBeUndefined();
});

test("nobody is rejected for what another said before", () => {
  const { judge, rejection } = judgeAll(Array(tolerances.meanMin - 1).fill(tolerances.meanMarginMax * 1.2));
  expect(rejection).toBeUndefined();
  const next = { position: judge.position + 1, margin: 0 };
  expect(judgeMargin(judge, { ...next, begins: false }).rejected).toBe("mean-margin");
  expect(judgeMargin(judge, { ...next, begins: true }).rejected).toBeUndefined();
});

test("many small margins reject together, but not before there are enough of them", () => {
  const small = tolerances.meanMarginMax * 2;
  expect(judgeAll(Array(tolerances.meanMin - 1).fill(small)).rejection).toBeUndefined();
  expect(judgeAll(Array(tolerances.meanMin).fill(small)).rejection).toEqual({
    at: tolerances.meanMin - 1,
    reason: "mean-margin",
  });
});

test("after a long honest beginning a change is still seen", () => {
  const all = [...Array(5000).fill(0), ...Array(64).fill(tolerances.meanMarginMax * 1.5)];
  expect(judgeAll(all).rejection).toMatchObject({ reason: "mean-margin" });
});

test("one outvoted rejection does not condemn what follows it", () => {
  const all = [...Array(64).fill(0), 50];
  const { judge } = judgeAll(all);
  expect(judgeAll(Array(64).fill(0), judge).rejection).toBeUndefined();
});

test("dropping positions leaves a judge that never saw them", () => {
  fc.assert(
    fc.property(margins, fc.nat(200), (all, cut) => {
      const to = Math.min(cut, all.length);
      expect(judgeUntil(judgeAll(all).judge, to)).toEqual(judgeAll(all.slice(0, to)).judge);
    }),
  );
});

test("the speaker's own token is accepted, one that no list holds is not", () => {
  const candidates = Array.from({ length: 64 }, (_, id) => ({ id, logit: 12 - id / 4 }));
  const sampling = { temperature: 0.7, topP: 0.9, seed: "01".repeat(32) };
  const { id } = choose(candidates, sampling, 0);
  const look = { candidates, sampling, position: 0 };
  expect(judgeToken(judgeUnknown, { ...look, claimed: id }).rejected).toBeUndefined();
  expect(judgeToken(judgeUnknown, { ...look, claimed: 5000 }).rejected).toBe("margin");
});
