import { expect, test } from "vitest";
import { createChance } from "../../../simulator/chance.ts";
import { createWorld, type World } from "../../../simulator/world.ts";

/** A committee that comes to no verdict asks one more witness: the real roles over simulated providers. */

async function world(nodes: number): Promise<World> {
  return createWorld(createChance(5), {
    ...{ nodes, cheats: 0, faults: { delayMsMean: 2, refusal: 0 } },
    defaults: { finality: "final", witnesses: 2, holdMs: 250 },
  });
}

async function answers(network: World, count: number): Promise<string[]> {
  const ends: string[] = [];
  for (let seed = 0; seed < count; seed++) {
    const messages = [{ role: "user", content: `tell me about the number ${seed} and what it is good for` }];
    const { seen } = network.ask({ messages, seed, temperature: 0.8, max_tokens: 48 });
    const { error, events, done } = await network.answered(seen);
    // biome-ignore lint/suspicious/noExplicitAny: what came over the wire.
    const end = done ? (events as any[]).at(-1)?.holdfast?.basis : error?.code;
    ends.push(String(end));
  }
  return ends;
}

const isTrusted = (network: World, at: number) =>
  (network.gateway.status()["providers"] as { peer: string; trusted: boolean }[]).find(
    ({ peer }) => peer === network.nodes[at]!.peer,
  )!.trusted;

test("a witness that did no work is named, and the answer is final all the same", async () => {
  const network = await world(5);
  network.nodes[2]!.traits.lazy = true;
  expect(new Set(await answers(network, 12))).toEqual(new Set(["fingerprint"]));
  expect(isTrusted(network, 2)).toBe(false);
  expect([0, 1, 3, 4].map((at) => isTrusted(network, at))).toEqual([true, true, true, true]);
});

test("where nobody is left to ask, there is no final answer rather than a doubtful one", async () => {
  const network = await world(3);
  network.nodes[2]!.traits.lazy = true;
  const ends = await answers(network, 4);
  expect(ends).toContain("not_final");
  expect(ends.filter((end) => end !== "not_final" && end !== "fingerprint")).toEqual([]);
});
