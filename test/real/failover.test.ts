import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLlamaEngine } from "../../src/adapters/llama/engine.ts";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { fetchDefaultModel } from "../../src/adapters/models/default-model.ts";
import { margin } from "../../src/domain/verification/margin.ts";
import type { TokenEngine } from "../../src/ports.ts";
import { type LiveNetwork, startLiveNetwork } from "../rigs/live-network.ts";
import { streamChat } from "../rigs/stream.ts";
import { until } from "../rigs/until.ts";

/** Five real providers; in every answer the one that speaks is killed or stopped at a random place. */

let network: LiveNetwork;
let judge: TokenEngine;

beforeAll(async () => {
  const model = await fetchDefaultModel({ cache: cacheFolder(process.env) });
  network = await startLiveNetwork({ nodes: 5 });
  judge = await createLlamaEngine({
    ...{ file: model.path, model: model.id, name: "judge" },
    ...{ slots: 1, contextTokens: 1024, threads: 1, gpu: false },
  });
});
afterAll(async () => {
  await reviving;
  await judge?.close();
  await network?.stop();
});

const questions = [
  "Tell me about the ocean.",
  "How does a bicycle stay upright?",
  "Describe a market in the morning.",
  "Why do leaves change colour?",
  "What is a lighthouse for?",
];

/** Twenty answers: each fault ten times, half of them at temperature 0. */
const cases = Array.from({ length: 20 }, (_, index) => ({
  index,
  fault: index % 2 === 0 ? ("SIGKILL" as const) : ("SIGSTOP" as const),
  temperature: index % 4 < 2 ? 0 : 0.7,
  content: questions[index % questions.length]!,
}));

/** Who was killed comes back while the next answer is given. */
let reviving: Promise<unknown> = Promise.resolve();

describe("an answer whose executor fails at a random token", () => {
  test.each(cases)(
    "$index: $fault at temperature $temperature",
    async ({ fault, temperature, content, index }) => {
      await until(
        async () => (await network.known()).length >= 4,
        30_000,
        "one speaks, two watch, one is spare",
      );
      const messages = [{ role: "user", content }];
      const strikeAt = 5 + Math.floor(Math.random() * 150);
      let struck: string | undefined;
      const seen = await streamChat(
        network.url,
        { model: "SmolLM2-135M-Instruct", messages, temperature, max_tokens: 50, seed: index },
        {
          onPiece(text, executor) {
            if (struck !== undefined || text.length < strikeAt) return;
            struck = executor;
            network.provider(executor).signal(fault);
          },
        },
      );
      if (struck !== undefined) {
        if (fault === "SIGSTOP") network.provider(struck).signal("SIGCONT");
        else reviving = Promise.all([reviving, network.provider(struck).revive()]);
      }
      expect(struck, "somebody was struck").toBeDefined();
      expect(seen).toMatchObject({
        done: true,
        error: undefined,
        end: { verdict: "valid", basis: expect.stringMatching(/^(fingerprint|tokens)$/) },
      });
      expect(["stop", "length"]).toContain(seen.finish);
      expect(seen.casts.length, "each switch is announced").toBe(seen.end!.switches + 1);
      expect(seen.usage!.completion_tokens).toBeLessThanOrEqual(50);
      if (temperature === 0)
        expect(await surprises(messages, seen.text), "words the model would not say there").toBe(0);
    },
  );
});

/**
 * Reads the answer with an engine of its own: how many tokens lie far below the likeliest. A gap or a repetition at
 * a seam shows as several; an honest answer has none, whichever node said which part.
 */
async function surprises(messages: Array<{ role: string; content: string }>, text: string): Promise<number> {
  const signal = new AbortController().signal;
  const reader = await judge.open({ kind: "text", text }, 1);
  const ids = [...reader.promptIds];
  reader.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const sequence = await judge.open({ kind: "chat", messages: messages as never }, 128);
  const sampling = { temperature: 0, topP: 1, seed: "00".repeat(32) };
  let found = 0;
  for (let from = 0; from < ids.length; from += 32) {
    const part = ids.slice(from, from + 32);
    const lists = await sequence.judge(part, signal);
    found += part.filter(
      (id, offset) => margin(lists[offset]!, { id, logit: -20 }, sampling, from + offset) > 5,
    ).length;
  }
  sequence.close();
  await new Promise((resolve) => setTimeout(resolve, 50));
  return found;
}
