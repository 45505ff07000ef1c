import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { type Asker, startAsker } from "../asker.ts";
import type { Generated } from "../generation.ts";
import type { Figure, Measurement, Outcome, Settings } from "../measurement.ts";
import { askNetwork, nodes, withNetwork } from "../network.ts";
import { type Question, question } from "../prompts.ts";
import { median } from "../statistics.ts";

export const speed: Measurement = {
  name: "speed",
  method:
    "Answers of 96 tokens to one question and seed at a time: from the bare engine (a process of its own, 1 thread, the canonical sampler, the network idle), through the network with finality stream (2 witnesses), and with finality none (1 executor). Order rotates with each round. Medians; tokens/s after the first piece; ratios to the bare engine within a round.",
  run,
};

const ways = ["bare", "stream", "none"] as const;
type Way = (typeof ways)[number];

interface Speed {
  readonly firstMs: number;
  readonly tokensPerS: number;
  readonly text: string;
}

const tokensMax = 96;

async function run({ quick, seed, say }: Settings): Promise<Outcome> {
  const rounds = quick ? 2 : 12;
  const bare = startAsker("bare-engine.ts");
  const found: Array<Record<Way, Speed>> = [];
  await withNetwork(async ({ url }) => {
    // Everybody has worked once before anything counts.
    for (let index = 0; index < nodes; index += 1)
      await askNetwork(url, { ...question(seed, 1000 + index), tokensMax: 4 });
    await askBare(bare, question(seed, 1000));
    for (let round = 0; round < rounds; round += 1) {
      const asked = question(seed, round);
      const one: Partial<Record<Way, Speed>> = {};
      for (let turn = 0; turn < ways.length; turn += 1) {
        const way = ways[(round + turn) % ways.length]!;
        one[way] = way === "bare" ? await askBare(bare, asked) : await askThrough(url, asked, way);
      }
      found.push(one as Record<Way, Speed>);
      say(
        `round ${round}: ${ways.map((way) => `${way} ${one[way]!.firstMs.toFixed(0)} ms, ${one[way]!.tokensPerS.toFixed(1)}/s`).join("; ")}`,
      );
    }
  });
  await bare.stop();
  return outcome(found);
}

function outcome(found: ReadonlyArray<Record<Way, Speed>>): Outcome {
  const figures: Figure[] = [];
  const samples: Record<string, number[]> = {};
  for (const way of ways) {
    const first = found.map((round) => round[way].firstMs);
    const rate = found.map((round) => round[way].tokensPerS);
    Object.assign(samples, { [`${way} first ms`]: first, [`${way} tokens per s`]: rate });
    figures.push(
      { name: `${way}: time to first token`, value: median(first), unit: "ms" },
      { name: `${way}: speed`, value: median(rate), unit: "tokens/s" },
    );
    if (way === "bare") continue;
    const ratios = found.map((round) => round[way].tokensPerS / round.bare.tokensPerS);
    const later = found.map((round) => round[way].firstMs - round.bare.firstMs);
    const same = found.filter((round) => round[way].text === round.bare.text).length;
    figures.push(
      { name: `${way}: speed / bare`, value: median(ratios), unit: "ratio" },
      { name: `${way}: first token later than bare`, value: median(later), unit: "ms" },
      {
        name: `${way}: answers with the bare engine's very text`,
        value: (100 * same) / found.length,
        unit: "%",
      },
    );
  }
  return { figures, samples };
}

async function askBare(bare: Asker, { messages, temperature, seed }: Question): Promise<Speed> {
  const sampling = { temperature, topP: 1, seed: seedOf(seed) };
  const request = { prompt: { kind: "chat", messages }, sampling, tokensMax };
  const { ids, text, firstMs, tookMs } = await bare.ask<Generated>(request);
  return { firstMs, text, tokensPerS: (1000 * (ids.length - 1)) / (tookMs - firstMs) };
}

/** The gateway's rule for a user's seed, so that both say the same words. */
function seedOf(seed: number): string {
  return bytesToHex(sha256(utf8ToBytes(`holdfast seed 1 user ${seed} 0`)));
}

async function askThrough(url: string, asked: Question, finality: "stream" | "none"): Promise<Speed> {
  const { times, usage, text } = await askNetwork(url, { ...asked, tokensMax, finality });
  const firstMs = times[0]!;
  // The first piece is one token.
  return { firstMs, text, tokensPerS: (1000 * (usage!.completion_tokens - 1)) / (times.at(-1)! - firstMs) };
}
