import { expect, test } from "vitest";
import { simulateUpstreams } from "./upstream-swarm.ts";

const seeds = Array.from({ length: 60 }, (_, index) => index + 1);

test.each(seeds)("over plain upstreams seed %i breaks no rule and ends in calm", async (seed) => {
  const { violations, asked, succeeded } = await simulateUpstreams(seed);
  expect(violations).toEqual([]);
  expect(succeeded, "nearly all are answered, while one is well").toBeGreaterThanOrEqual(0.9 * asked);
});
