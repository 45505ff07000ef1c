import { limits } from "../protocol/limits.ts";
import type { Seen } from "./application.ts";
import { type Chance, createChance, mixName } from "./chance.ts";
import { checkGapless } from "./checkers/gapless.ts";
import { checkOneEnd } from "./checkers/one-end.ts";
import { checkTruth } from "./checkers/truth.ts";
import { createWorld, type World } from "./world.ts";

export interface StormResult {
  readonly seed: number;
  readonly requests: number;
  readonly succeeded: number;
  readonly explicitErrors: number;
  readonly switches: number;
  readonly events: number;
  /** What a checker found wrong; empty is good. */
  readonly violations: readonly string[];
}

/**
 * One seeded storm: the seed also draws the options (swarm testing). Phase one, safety: nodes are killed, hung,
 * stalled, cut and slow while answers stream. Phase two, progress: everything is healed, and every request made
 * then must succeed.
 */
export async function runStorm(seed: number): Promise<StormResult> {
  const chance = createChance(seed);
  const draw = chance.child("options");
  const nodes = 3 + draw.below(7);
  const cheats = nodes >= 5 && draw.hits(0.3) ? 1 : 0;
  const world = await createWorld(chance, {
    ...{ nodes, cheats },
    faults: { delayMsMean: 1 + draw.below(20), refusal: draw.hits(0.3) ? 0.05 : 0 },
    // Long enough that nothing leaves unjudged, so that the truth can be demanded of every token.
    defaults: { finality: "stream", witnesses: 2, holdMs: cheats > 0 ? limits.holdMsMax : 250 },
  });
  const storm = await phase(world, chance.child("storm"), 6, true);
  heal(world);
  const calm = await phase(world, chance.child("calm"), 3, false);
  const violations = [...storm, ...calm].flatMap(({ seen, words }) => check(seen, words));
  for (const { seen } of calm) {
    if (seen.finish === undefined) violations.push(`no progress after healing: ${seen.error?.message}`);
  }
  const all = [...storm, ...calm].map(({ seen }) => seen);
  return {
    seed,
    requests: all.length,
    succeeded: all.filter(({ finish }) => finish !== undefined).length,
    explicitErrors: all.filter(({ error }) => error !== undefined).length,
    switches: all.reduce((sum, { switches }) => sum + switches, 0),
    events: world.timeline.events(),
    violations,
  };
}

interface Asked {
  readonly seen: Seen;
  readonly words: string;
}

async function phase(world: World, chance: Chance, requests: number, faults: boolean): Promise<Asked[]> {
  const { timeline } = world;
  const asked: Asked[] = [];
  const begin = timeline.now();
  for (let index = 0; index < requests; index++) {
    timeline.at(begin + chance.below(2_000), () => {
      const words = `tell me ${chance.below(1000)} things`;
      const request = { messages: [{ role: "user", content: words }], temperature: 0, max_tokens: 48 };
      asked.push({ seen: world.ask(request).seen, words });
    });
  }
  if (faults) scheduleFaults(world, chance.child("faults"), begin);
  const over = () => asked.length === requests && asked.every(({ seen }) => seen.ends > 0);
  await timeline.run(begin + limits.deadlineMsDefault + 10_000, over);
  return asked;
}

/** Up to half of the nodes suffer something at some moment of the first seconds. */
function scheduleFaults(world: World, chance: Chance, begin: number): void {
  const { timeline, network, nodes } = world;
  for (const { peer, traits } of nodes.slice(0, Math.ceil(nodes.length / 2))) {
    if (chance.hits(0.2)) continue;
    const fault = chance.below(4);
    timeline.at(begin + chance.below(3_000), () => {
      if (fault === 0) network.kill(peer);
      if (fault === 1) network.hang(peer, true);
      if (fault === 2) network.cut(peer, true);
      if (fault === 3) traits.stalled = true;
    });
  }
}

function heal({ network, nodes }: World): void {
  for (const { peer, traits } of nodes) {
    traits.stalled = false;
    network.hang(peer, false);
    network.revive(peer);
  }
}

function check(seen: Seen, words: string): string[] {
  const seed = words.split(" ").reduce((hash, word) => mixName(hash, String(mixName(7, word) % 50_000)), 1);
  return [checkGapless(seen), checkOneEnd(seen), checkTruth(seen, seed)].filter(
    (found) => found !== undefined,
  );
}
