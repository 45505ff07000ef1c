import { limits } from "../protocol/limits.ts";
import { createChance } from "./chance.ts";
import { spreadOf } from "./figures.ts";
import { createWorld } from "./world.ts";

/** What it costs one gateway to begin an answer: to choose its providers and open attempts at them. */
export interface RoutingCost {
  readonly nodes: number;
  /** Microseconds of this machine. */
  readonly p50: number;
  readonly p99: number;
}

const batches = 60;
const asksInBatch = 50;

/**
 * Measures networks of these sizes by turns, so that whatever else the machine does befalls all alike. `stopwatch`
 * returns milliseconds. The first third of the batches warms up and does not count.
 */
export async function measureRouting(
  sizes: readonly number[],
  stopwatch: () => number,
): Promise<RoutingCost[]> {
  const { witnessesDefault: witnesses, holdMsDefault: holdMs } = limits;
  const worlds = [];
  for (const nodes of sizes) {
    const world = await createWorld(createChance(1), {
      ...{ nodes, cheats: 0, slots: 4, faults: { delayMsMean: 5, refusal: 0 } },
      defaults: { finality: "stream", witnesses, holdMs },
    });
    worlds.push({ nodes, world, times: [] as number[] });
  }
  const request = { messages: [{ role: "user", content: "tell me" }], max_tokens: 8, temperature: 0 };
  for (let batch = 0; batch < batches; batch++) {
    for (const { world, times } of worlds) {
      for (let ask = 0; ask < asksInBatch; ask++) {
        const begun = stopwatch();
        const { hangUp } = world.ask(request);
        if (batch >= batches / 3) times.push(1000 * (stopwatch() - begun));
        hangUp();
      }
      await world.timeline.run(world.timeline.now() + 200, () => false);
    }
  }
  return worlds.map(({ nodes, times }) => {
    const { p50, p99 } = spreadOf(times);
    return { nodes, p50, p99 };
  });
}
