import { expect, test } from "vitest";
import { testSeeds } from "../../test/rigs/swarm.ts";
import { simulate } from "./simulate.ts";
import { drawSimulation } from "./swarm.ts";

testSeeds("odd");

test("a seed replays to the event", async () => {
  expect(await simulate(drawSimulation(42))).toEqual(await simulate(drawSimulation(42)));
});
