import { expect, test } from "vitest";
import type { Seen } from "../../../simulator/application.ts";
import { createChance } from "../../../simulator/chance.ts";
import { checkGapless } from "../../../simulator/checkers/gapless.ts";
import { faults } from "../../../simulator/faults/catalogue.ts";
import { spreadOf } from "../../../simulator/figures.ts";
import { createWorld, type World } from "../../../simulator/world.ts";

/** Three of ten nodes fail at one instant: what that costs whoever asks then, in simulated time. */

interface Answered {
  readonly seen: Seen;
  readonly tookMs: number;
}

/** Answers asked for within so many ms, all of them ended. */
async function answers(world: World, count: number, withinMs: number): Promise<Answered[]> {
  const { timeline } = world;
  const begin = timeline.now();
  const done: Answered[] = [];
  for (let index = 0; index < count; index++) {
    timeline.at(begin + (index * withinMs) / count, () => {
      const askedAt = timeline.now();
      const content = `tell me ${index} things about the sea and what lives in it`;
      const ended = () => done.push({ seen, tookMs: timeline.now() - askedAt });
      const request = { messages: [{ role: "user", content }], temperature: 0.8, max_tokens: 48 };
      const { seen } = world.gateways[0]!.ask(request, { events: false, ended });
    });
  }
  await timeline.run(begin + 60_000, () => done.length === count);
  return done;
}

async function strike(fault: string): Promise<{ calm: Answered[]; struck: Answered[]; hedges: number }> {
  const world = await createWorld(createChance(11), {
    ...{ nodes: 10, cheats: 0, slots: 64, faults: { delayMsMean: 3, refusal: 0 } },
    defaults: { finality: "stream", witnesses: 2, holdMs: 250 },
  });
  const calm = await answers(world, 60, 4_000);
  for (const node of world.nodes.slice(4, 7)) faults[fault]!(world, node);
  const struck = await answers(world, 100, 5_000);
  const { hedges } = world.gateway.status() as { hedges: number };
  return { calm, struck, hedges };
}

const p = (answers: readonly Answered[]) => spreadOf(answers.map(({ tookMs }) => tookMs));

test.each(["hang", "stall", "netdown", "kill", "500"])(
  "%s: answers come within a second of the usual",
  async (fault) => {
    const { calm, struck, hedges } = await strike(fault);
    expect(struck.map(({ seen }) => seen.finish)).not.toContain(undefined);
    expect(struck.map(({ seen }) => checkGapless(seen)).filter(Boolean)).toEqual([]);
    expect(p(struck).p99).toBeLessThanOrEqual(p(calm).p50 + 1_000);
    expect(hedges, "over all answers so far").toBeLessThanOrEqual(0.3 * 160);
  },
);

test("nodes twenty times slower than they were cost little more", async () => {
  const { calm, struck } = await strike("slow");
  expect(struck.map(({ seen }) => seen.finish)).not.toContain(undefined);
  expect(p(struck).p99).toBeLessThanOrEqual(p(calm).p50 + 2_000);
});
