import { expect, test } from "vitest";
import { limits } from "../../../protocol/limits.ts";
import type { Seen } from "../../../simulator/application.ts";
import { createChance } from "../../../simulator/chance.ts";
import { checkTruth } from "../../../simulator/checkers/truth.ts";
import { faults } from "../../../simulator/faults/catalogue.ts";
import { heal } from "../../../simulator/faults/heal.ts";
import { contextOf, tokensOf } from "../../../simulator/model.ts";
import { createWorld, type World } from "../../../simulator/world.ts";

/** What becomes of nodes that failed or lied, in simulated time: who is asked again, and what for. */

interface Asked {
  readonly content: string;
  readonly seen: Seen;
}

async function tenNodes(seed: number, pace?: { stepMs: number; judgeMsPerToken: number }): Promise<World> {
  return createWorld(createChance(seed), {
    ...{ nodes: 10, cheats: 0, slots: 64, faults: { delayMsMean: 3, refusal: 0 } },
    // Nothing leaves unjudged.
    defaults: { finality: "stream", witnesses: 2, holdMs: 60_000 },
    ...(pace === undefined ? {} : { pace }),
  });
}

/** Asks so many questions by the clock. */
async function ask(world: World, count: number, everyMs: number, tokens = 12): Promise<Asked[]> {
  const { timeline } = world;
  const begin = timeline.now();
  const asked: Asked[] = [];
  for (let index = 0; index < count; index++) {
    timeline.at(begin + index * everyMs, () => {
      const content = `tell me ${index} things that came after ${Math.round(begin)}`;
      const messages = [{ role: "user", content }];
      asked.push({ content, seen: world.ask({ messages, temperature: 0, max_tokens: tokens }).seen });
    });
  }
  await timeline.run(begin + count * everyMs, () => false);
  return asked;
}

const isFalse = ({ content, seen }: Asked) =>
  checkTruth(seen, contextOf(tokensOf({ kind: "text", text: content }))) !== undefined;

test.each(["kill", "hang", "stall", "reset", "cut", "slow", "500", "garbage", "lie", "netdown"])(
  "%s for ten seconds: once well again, all are asked again within ten more",
  async (fault) => {
    const world = await tenNodes(3);
    const { attempts } = world.network;
    const victims = world.nodes.slice(2, 5);
    await ask(world, 20, 100);
    for (const victim of victims) faults[fault]!(world, victim);
    await ask(world, 100, 100);
    for (const victim of victims) heal(world, victim);
    const before = victims.map(({ peer }) => attempts.of(peer));
    await ask(world, 100, 100);
    expect(victims.map(({ peer }, at) => attempts.of(peer) > before[at]!)).toEqual([true, true, true]);
  },
);

test("a node that answers nothing but errors is hit so much the less, the longer it does", async () => {
  const world = await tenNodes(4);
  const { attempts } = world.network;
  const broken = world.nodes[2]!;
  faults["500"]!(world, broken);
  await ask(world, 60, 100);
  const early = attempts.of(broken.peer);
  await ask(world, 160, 100);
  expect(attempts.of(broken.peer) - early).toBeLessThanOrEqual(3);
});

test("whoever was caught lying follows others, and hardly ever speaks again", async () => {
  const world = await tenNodes(5);
  const liars = world.nodes.slice(0, 3);
  for (const liar of liars) faults["lie"]!(world, liar);
  await ask(world, 60, 100);
  const later = await ask(world, 150, 100);
  const isLiar = (peer: string) => liars.some((liar) => liar.peer === peer);
  expect(later.filter(({ seen }) => isLiar(seen.cast?.executor ?? ""))).toEqual([]);
  expect(later.some(({ seen }) => seen.cast?.witnesses.some(isLiar))).toBe(true);
  // Words that were dropped cost another speaker: what is left of them is what the liars were let say.
  expect(later.filter(({ seen }) => seen.attempts > 1).length).toBeLessThanOrEqual(3);
});

test("an offer that lapses clears no lie, and one found while there is none counts too", async () => {
  const world = await tenNodes(8);
  const [liar, absent, quiet] = world.nodes.slice(0, 3);
  const mistrusted = () => {
    const { providers } = world.gateway.status() as { providers: Array<{ peer: string; trusted: boolean }> };
    return providers.filter(({ trusted }) => !trusted).map(({ peer }) => peer);
  };
  const lapse = async () => {
    await world.timeline.run(world.timeline.now() + 2 * limits.offerLifeMs, () => false);
    return (world.gateway.status()["providers"] as unknown[]).length;
  };
  faults["lie"]!(world, liar!);
  await ask(world, 60, 100);
  expect(mistrusted()).toEqual([liar!.peer]);
  for (const node of [liar, absent, quiet]) faults["kill"]!(world, node!);
  expect(await lapse()).toBe(7);
  world.gateways[0]!.backend().condemn(absent!.peer);
  for (const node of [liar, absent, quiet]) heal(world, node!);
  expect(await lapse()).toBe(10);
  expect(mistrusted().sort()).toEqual([liar!.peer, absent!.peer].sort());
});

test("of those who witness for one another little is heard once they are known", async () => {
  const world = await tenNodes(6);
  for (const liar of world.nodes.slice(0, 3)) faults["collude"]!(world, liar);
  await ask(world, 60, 100);
  expect((await ask(world, 100, 100)).filter(isFalse)).toEqual([]);
});

test("witnesses that judge far more slowly than others speak are waited for while they judge", async () => {
  const world = await tenNodes(7, { stepMs: 20, judgeMsPerToken: 90 });
  const asked = await ask(world, 40, 100, 48);
  await world.timeline.run(world.timeline.now() + 10_000, () => false);
  expect(asked.filter(({ seen }) => seen.finish === undefined)).toEqual([]);
});
