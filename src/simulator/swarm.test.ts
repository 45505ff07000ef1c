import { expect, test } from "vitest";
import { commitOf } from "./commit.ts";
import { keptSeeds } from "./kept-seeds.ts";
import { simulate } from "./simulate.ts";
import { drawSimulation } from "./swarm.ts";

/** Two phases for each seed: no rule breaks while everything fails, and all is well soon after it is healed. */
const swarm = Array.from({ length: 200 }, (_, index) => index + 1);
const seeds = [...new Set([...keptSeeds.map(({ seed }) => seed), ...swarm])];

test.each(seeds)("seed %i breaks no rule and ends in calm", async (seed) => {
  const { violations } = await simulate(drawSimulation(seed));
  const replay = `at ${commitOf()}: npm run simulate -- --swarm ${seed}`;
  expect(violations, violations.length === 0 ? "" : replay).toEqual([]);
});

test("a seed replays to the event", async () => {
  expect(await simulate(drawSimulation(42))).toEqual(await simulate(drawSimulation(42)));
});
