import { startAsker } from "../asker.ts";
import type { Figure, Measurement, Outcome, Settings } from "../measurement.ts";
import { question } from "../prompts.ts";
import { median } from "../statistics.ts";
import type { WitnessCost, WitnessRequest } from "../witness-engine.ts";

export const witnessCost: Measurement = {
  name: "witness-cost",
  method:
    "CPU time of all threads of one process, per token of one answer of 128 tokens (temperature 0.7): a witness's judgement (candidates, margins, text) against the library's evaluateWithoutGeneratingNewTokens on the same file, tokens and chunks; which of the two goes first alternates. Ratio of each round, median of rounds. Also against generating those tokens; and an executor's whole work (candidates, choice, text, leaves) against the library generating as many at temperature 0 by itself.",
  run,
};

async function run({ quick, seed, say }: Settings): Promise<Outcome> {
  const figures: Figure[] = [];
  const samples: Record<string, number[]> = {};
  const engine = startAsker("witness-engine.ts");
  for (const chunkTokens of [8, 16]) {
    const ratios: number[] = [];
    const shares: number[] = [];
    const judgeMs: number[] = [];
    const speaking: number[] = [];
    const rootMs: number[] = [];
    const rounds = quick ? 2 : 10;
    // The first round warms up and is not counted.
    for (let round = 0; round <= rounds; round += 1) {
      const cost = await engine.ask<WitnessCost>(request(seed, round, chunkTokens));
      if (!cost.accepted) say(`round ${round}: an honest answer was rejected`);
      if (round === 0) continue;
      ratios.push(cost.judgeUs / cost.prefillUs);
      shares.push(cost.judgeUs / cost.generateUs);
      judgeMs.push(cost.judgeUs / 1000);
      speaking.push(cost.speakUs / cost.stepUs);
      rootMs.push(cost.rootUs / 1000);
      say(`chunks of ${chunkTokens}, round ${round}: ${ratios.at(-1)!.toFixed(3)}× prefill`);
    }
    const name = `chunks of ${chunkTokens}`;
    samples[name] = ratios;
    if (chunkTokens === 8) {
      samples["speaking"] = speaking;
      figures.push(
        {
          name: "speaking with fingerprint / bare stepping",
          value: median(speaking),
          unit: "ratio",
          target: { atMost: 1.25 },
        },
        { name: "root of 128 leaves, once an answer", value: median(rootMs), unit: "ms" },
      );
    }
    figures.push(
      {
        name: `${name}: judging / plain prefill`,
        value: median(ratios),
        unit: "ratio",
        target: { atMost: 1.3 },
      },
      { name: `${name}: judging / generating`, value: median(shares), unit: "ratio" },
      { name: `${name}: judging a token, CPU`, value: median(judgeMs), unit: "ms" },
    );
  }
  await engine.stop();
  return { figures, samples };
}

function request(seed: number, round: number, chunkTokens: number): WitnessRequest {
  const { messages } = question(seed, round);
  const sampling = { temperature: 0.7, topP: 1, seed: seed.toString(16).padStart(64, "0") };
  return { prompt: { kind: "chat", messages: [...messages] }, sampling, tokensMax: 128, chunkTokens };
}
