import { expect, test } from "vitest";
import { leafOf } from "../../domain/verification/leaf.ts";
import { weighMean } from "../../domain/verification/tolerance.ts";
import { createChance } from "../../simulator/chance.ts";
import { calibrationFrom, type RecordedSeries } from "./calibration.ts";
import { fitTolerance, type HonestPair } from "./fit.ts";

/** Bounds fitted to answers out of a chance generator, whose differences are known. */

const tokens = 60;

function answers(
  count: number,
  noise: number,
  seed: number,
  profile = "llama cpu-one kv=f16 fa=off",
): HonestPair[] {
  const chance = createChance(seed);
  return Array.from({ length: count }, (_, index) => {
    // Some answers are odder than others, as real ones are.
    const oddness = 0.7 + 0.6 * chance.next();
    const spread = () => noise * oddness * (2 * chance.next() - 1);
    const logits = Array.from({ length: tokens }, () => Array.from({ length: 8 }, (_, rank) => 9 - rank));
    const leaf = (offset: () => number) => (row: number[]) =>
      leafOf(row.map((logit, id) => ({ id, logit: logit + offset() })).sort((a, b) => b.logit - a.logit))!;
    const sampling = { temperature: 0.7, topP: 1, seed: "00" };
    const ids = Array.from({ length: tokens }, () => 0);
    return {
      said: { index, profile, sampling, promptTokens: 9, ids, leaves: logits.map(leaf(() => 0)) },
      seen: {
        ...{ index, profile, leaves: logits.map(leaf(spread)), accepted: true },
        margins: ids.map(() => (chance.hits(0.05) ? 0.1 * chance.next() : 0)),
        informative: ids.map(() => true),
      },
    };
  });
}

test("bounds are wider the fewer positions a mean is over, and hold for answers they were not fitted to", () => {
  const { distance, margin } = fitTolerance(answers(200, 0.2, 1), createChance(2).next);
  expect(distance.map(({ from }) => from)).toEqual([8, 16, 24, 32, 48, 240]);
  for (const { near, far } of [...distance, ...margin]) expect(near).toBeLessThan(far);
  expect(distance[0]!.far).toBeGreaterThan(distance.at(-1)!.far);
  expect(weighMean(distance[3]!.near, 32, distance)).toBe("valid");
});

test("a calibration convicts no honest answer of its other half, and says how sure that is", () => {
  const series = (profile: string, seed: number): RecordedSeries => {
    const pairs = answers(100, 0.2, seed, profile);
    return { series: profile, said: pairs.map(({ said }) => said), seen: pairs.map(({ seen }) => seen) };
  };
  const [one, two] = ["llama cpu-one kv=f16 fa=off", "llama cpu-two kv=f16 fa=on"];
  const made = { model: `sha256:${"0d".repeat(32)}` as never, madeAt: "2026-01-01T00:00:00.000Z" };
  const { pairs } = calibrationFrom([series(one, 3), series(two, 4)], made);
  expect(pairs.map(({ one, other }) => [one, other])).toEqual([
    [one, one],
    [two, two],
    ["llama cpu-* kv=f16 fa=*", "llama cpu-* kv=f16 fa=*"],
  ]);
  for (const { tested } of pairs) expect(tested.convicted).toBe(0);
  expect(pairs[0]!.tested).toMatchObject({ answers: 50, convictedMost: expect.closeTo(0.0711, 3) });
});

test("a pair whose honest machines lie as far apart as a lie would has no bounds on its distance", () => {
  const { distance, margin } = fitTolerance(answers(200, 1.5, 7), createChance(8).next);
  expect(distance).toEqual([]);
  expect(margin.length).toBeGreaterThan(0);
});

test("with too few answers for a tail nothing is bounded, so nobody is convicted", () => {
  const { distance, margin } = fitTolerance(answers(8, 0.2, 5), createChance(6).next);
  expect([...distance, ...margin]).toEqual([]);
});
