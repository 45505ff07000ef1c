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
    "Answers of 96 tokens in pairs of one question and seed: through the network, with finality stream (2 witnesses) or none (1 executor), and from the bare engine (a process of its own, 1 thread, the canonical sampler, the network idle). Which of the two comes first alternates. tokens/s after the first piece. Medians; differences and ratios are within a pair.",
  run,
};

const finalities = ["stream", "none"] as const;
type Finality = (typeof finalities)[number];

interface Speed {
  readonly firstMs: number;
  readonly tokensPerS: number;
  readonly text: string;
}

interface Pair {
  readonly bare: Speed;
  readonly through: Speed;
}

const tokensMax = 96;

async function run({ quick, seed, say }: Settings): Promise<Outcome> {
  const rounds = quick ? 2 : 12;
  const bare = startAsker("bare-engine.ts");
  const found: Record<Finality, Pair[]> = { stream: [], none: [] };
  await withNetwork(async ({ url }) => {
    // Everybody has worked once before anything counts.
    for (let index = 0; index < nodes; index += 1)
      await askNetwork(url, { ...question(seed, 1000 + index), tokensMax: 4 });
    await askBare(bare, question(seed, 1000));
    for (let round = 0; round < rounds; round += 1) {
      for (const [place, finality] of finalities.entries()) {
        // Each way gets both temperatures by turns, and no provider is asked anything twice.
        const asked = question(seed, 2 * round + ((round + place) % 2));
        const networkFirst = round % 2 === 0 ? await askThrough(url, asked, finality) : undefined;
        const alone = await askBare(bare, asked);
        const through = networkFirst ?? (await askThrough(url, asked, finality));
        found[finality].push({ bare: alone, through });
        say(`round ${round}, ${finality}: ${brief(through)}; bare: ${brief(alone)}`);
      }
    }
  });
  await bare.stop();
  return outcome(found);
}

function brief({ firstMs, tokensPerS }: Speed): string {
  return `${firstMs.toFixed(0)} ms, ${tokensPerS.toFixed(1)} tokens/s`;
}

function outcome(found: Record<Finality, readonly Pair[]>): Outcome {
  const all = finalities.flatMap((finality) => found[finality].map(({ bare }) => bare));
  const figures: Figure[] = [
    { name: "bare: time to first token", value: median(all.map(({ firstMs }) => firstMs)), unit: "ms" },
    { name: "bare: speed", value: median(all.map(({ tokensPerS }) => tokensPerS)), unit: "tokens/s" },
  ];
  const samples: Record<string, number[]> = {};
  for (const finality of finalities) {
    const pairs = found[finality];
    const first = pairs.map(({ through }) => through.firstMs);
    const rate = pairs.map(({ through }) => through.tokensPerS);
    const later = pairs.map(({ through, bare }) => through.firstMs - bare.firstMs);
    const ratios = pairs.map(({ through, bare }) => through.tokensPerS / bare.tokensPerS);
    const same = pairs.filter(({ through, bare }) => through.text === bare.text).length;
    Object.assign(samples, { [`${finality} later, ms`]: later, [`${finality} speed / bare`]: ratios });
    figures.push(
      { name: `${finality}: time to first token`, value: median(first), unit: "ms" },
      { name: `${finality}: first token later than bare`, value: median(later), unit: "ms" },
      { name: `${finality}: speed`, value: median(rate), unit: "tokens/s" },
      { name: `${finality}: speed / bare`, value: median(ratios), unit: "ratio" },
      { name: `${finality}: the bare engine's very text`, value: (100 * same) / pairs.length, unit: "%" },
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

async function askThrough(url: string, asked: Question, finality: Finality): Promise<Speed> {
  const { times, usage, text } = await askNetwork(url, { ...asked, tokensMax, finality });
  const firstMs = times[0]!;
  // The first piece is one token.
  return { firstMs, text, tokensPerS: (1000 * (usage!.completion_tokens - 1)) / (times.at(-1)! - firstMs) };
}
