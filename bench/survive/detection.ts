import { limits } from "../../src/protocol/limits.ts";
import type { Chance } from "../../src/simulator/chance.ts";
import { checkTruth } from "../../src/simulator/checkers/truth.ts";
import { faults } from "../../src/simulator/faults/catalogue.ts";
import { contextOf, tokensOf } from "../../src/simulator/model.ts";
import { createWorld, type World } from "../../src/simulator/world.ts";
import type { Figure, Outcome } from "../measurement.ts";

/** What checking only some answers is worth. */
export const detectionMethod =
  "The simulator: ten nodes of which three lie whenever they speak and judge honestly; one gateway, one answer after the other, temperature 0. So many of the answers, drawn, have two witnesses and a hold budget in which nothing leaves unjudged; the rest have none. False: whole answers that are not the model's, as nobody but the simulator knows. Who was caught in a lie speaks no more but when a checked answer is ventured on it after a minute, and is believed again after fourteen such answers spoken truly, more after further lies; that is all that protects what is not checked. The first 50 answers and the 150 after them, in four worlds of their own each.";

const rates = [0, 0.05, 0.1, 0.2, 0.5, 1];
const worlds = 4;
const [early, all] = [50, 200];
const tokens = 12;

export async function detection(chance: Chance, say: (line: string) => void): Promise<Outcome> {
  const figures: Figure[] = [];
  for (const rate of rates) {
    const falseAt: number[] = [];
    let caught = 0;
    for (let round = 0; round < worlds; round++) {
      const drawn = chance.child(`${rate} ${round}`);
      const world = await liars(drawn);
      for (let index = 0; index < all; index++) {
        const end = await ask(world, drawn, rate);
        if (end === "false") falseAt.push(index);
        if (end === "caught") caught += 1;
      }
    }
    const first = falseAt.filter((index) => index < early).length;
    const name = `${100 * rate} % checked`;
    figures.push(
      { name: `${name}: false among the first ${early}`, value: (100 * first) / (worlds * early), unit: "%" },
      {
        name: `${name}: false among those after`,
        value: (100 * (falseAt.length - first)) / (worlds * (all - early)),
        unit: "%",
      },
      { name: `${name}: answers in which a lie was caught`, value: caught, unit: "count" },
    );
    say(`${name}: ${falseAt.length} of ${worlds * all} false, ${caught} caught`);
  }
  return { figures, samples: {} };
}

async function liars(chance: Chance): Promise<World> {
  const world = await createWorld(chance.child("world"), {
    ...{ nodes: 10, cheats: 0, faults: { delayMsMean: 2, refusal: 0 } },
    defaults: { finality: "stream", witnesses: 2, holdMs: limits.holdMsMax },
  });
  for (const node of world.nodes.slice(0, 3)) faults["lie"]!(world, node);
  return world;
}

async function ask(world: World, chance: Chance, rate: number): Promise<"true" | "false" | "caught"> {
  const words = `tell me ${chance.below(100_000)} things`;
  const { seen } = world.ask({
    ...{ messages: [{ role: "user", content: words }], temperature: 0, max_tokens: tokens },
    holdfast: { witnesses: chance.hits(rate) ? 2 : 0 },
  });
  await world.answered(seen);
  const isTrue = checkTruth(seen, contextOf(tokensOf({ kind: "text", text: words }))) === undefined;
  if (!isTrue && seen.error === undefined) return "false";
  return seen.attempts > 1 || seen.error !== undefined ? "caught" : "true";
}
