import { expect, test } from "vitest";
import { commitOf } from "../../src/simulator/commit.ts";
import { keptSeeds } from "../../src/simulator/kept-seeds.ts";
import { type Simulation, simulate } from "../../src/simulator/simulate.ts";
import { drawOnChain, drawSimulation } from "../../src/simulator/swarm.ts";

const swarm = Array.from({ length: 200 }, (_, index) => index + 1);
const seeds = [...new Set([...keptSeeds.map(({ seed }) => seed), ...swarm])];

/**
 * Two phases for each seed: no rule breaks while everything fails, and all is well soon after it is healed. Every other
 * seed, the odd or the even ones: a file of tests is what one core is given.
 */
export function testSeeds(parity: "odd" | "even"): void {
  const own = seeds.filter((seed) => seed % 2 === (parity === "odd" ? 1 : 0));
  testEach(own, drawSimulation, "--swarm");
}

/** The same where blocks draw committees and auditors. */
export function testOnChain(): void {
  testEach(
    Array.from({ length: 24 }, (_, index) => index + 1),
    drawOnChain,
    "--swarm-on-chain",
  );
}

function testEach(own: readonly number[], draw: (seed: number) => Simulation, option: string): void {
  test.each(own)("seed %i breaks no rule and ends in calm", async (seed) => {
    const { violations } = await simulate(draw(seed));
    const replay = `at ${commitOf()}: npm run simulate -- ${option} ${seed}`;
    expect(violations, violations.length === 0 ? "" : replay).toEqual([]);
  });
}
