import type { Measurement, Outcome, Settings } from "../measurement.ts";
import { askNetwork, isSound, withNetwork } from "../network.ts";
import { question } from "../prompts.ts";
import { percentile } from "../statistics.ts";

export const acceptance: Measurement = {
  name: "acceptance",
  method:
    "Undisturbed answers of 64 tokens one after another, defaults throughout (2 witnesses, 250 ms hold): share of tokens that a majority of witnesses had accepted before they were delivered, weighted by tokens.",
  run,
};

async function run({ quick, seed, say }: Settings): Promise<Outcome> {
  const shares: number[] = [];
  let [tokens, accepted, sound] = [0, 0, 0];
  const answers = quick ? 4 : 40;
  await withNetwork(async ({ url }) => {
    for (let index = 0; index < answers; index += 1) {
      const seen = await askNetwork(url, { ...question(seed, index), tokensMax: 64 });
      const count = seen.usage?.completion_tokens ?? 0;
      const share = seen.end?.acceptedShare ?? 0;
      shares.push(100 * share);
      tokens += count;
      accepted += count * share;
      sound += isSound(seen) ? 1 : 0;
      say(`answer ${index}: ${count} tokens, ${(100 * share).toFixed(1)} % accepted before delivery`);
    }
  });
  const target = { atLeast: 95 };
  return {
    figures: [
      { name: "tokens accepted before delivery", value: (100 * accepted) / tokens, unit: "%", target },
      { name: "of one answer, p5", value: percentile(shares, 0.05), unit: "%" },
      { name: "answers", value: answers, unit: "count" },
      {
        name: "answers whole and valid",
        value: (100 * sound) / answers,
        unit: "%",
        target: { atLeast: 100 },
      },
    ],
    samples: { shares },
  };
}
