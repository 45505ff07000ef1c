import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLlamaEngine } from "../../src/adapters/llama/engine.ts";
import { openTokenizer } from "../../src/adapters/llama/tokenizer.ts";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { fetchDefaultModel } from "../../src/adapters/models/default-model.ts";
import { createVllmEngine } from "../../src/adapters/openai/vllm-engine.ts";
import { systemClock as clock } from "../../src/adapters/system/clock.ts";
import { verdictsOn } from "../../src/commands/calibrate/calibration.ts";
import { type Open, say, watch } from "../../src/commands/calibrate/record.ts";
import type { TokenEngine } from "../../src/ports.ts";
import { shippedPairs } from "../../src/protocol/calibration.generated.ts";
import { openTokenVoice } from "../../src/roles/provider/token-voice.ts";
import { createChance } from "../../src/simulator/chance.ts";
import { alteredWeights } from "../adversaries/weights.ts";
import { type CheatedNetwork, paceForgottenMs, startCheatedNetwork } from "../rigs/cheated-network.ts";
import { streamChat } from "../rigs/stream.ts";
import { startVllm, type VllmKind, type VllmServerRig } from "../rigs/vllm-server.ts";
import { vllmSuite } from "../rigs/vllm-suite.ts";

/** A real vLLM on this machine's processor with the default model's weights: by itself, and behind one provider of three. */

const servers = new Map<VllmKind, Promise<VllmServerRig>>();

/** Started when it is first needed. */
function served(kind: VllmKind): Promise<VllmServerRig> {
  const server = servers.get(kind) ?? startVllm(kind);
  servers.set(kind, server);
  return server;
}

/** At the first run everything is installed: four minutes where nothing else runs. */
const startMsMax = 40 * 60_000;

afterAll(async () => {
  for (const server of servers.values()) await (await server).stop();
});

describe("beside the embedded engine", () => {
  vllmSuite(async () => ({ ...(await served("float32")), stop() {} }), startMsMax);
});

describe.each<VllmKind>(["float32", "bfloat16"])(
  "in %s, by the bounds shipped for the embedded engine",
  (kind) => {
    const tokensMax = 48;
    let witness: TokenEngine;
    let model: Awaited<ReturnType<typeof fetchDefaultModel>>;
    const engines: Array<Pick<TokenEngine, "close">> = [];
    const chance = createChance(7);

    beforeAll(async () => {
      model = await fetchDefaultModel({ cache: cacheFolder(process.env) });
      const words = await openTokenizer(model.path);
      engines.push(words);
      const room = { model: model.id, name: "smollm2-135m", contextTokens: 2048, slots: 1 };
      const { url } = await served(kind);
      witness = await createVllmEngine({ words }, { url, upstreamModel: "served", ...room });
      engines.push(witness);
    }, startMsMax);
    afterAll(async () => {
      for (const engine of engines) await engine.close();
    });

    /** What both tests make of answers that one who has this file says. */
    async function verdicts(file: string, answers: number) {
      const room = { model: model.id, name: "smollm2-135m", contextTokens: 2048, slots: 1, threads: 1 };
      const speaker = await createLlamaEngine({ file, ...room, gpu: false });
      engines.push(speaker);
      const series = { name: "vllm", model: model.id, tokensMax, contextTokens: 2048, chunkTokens: 8 };
      const found: Array<ReturnType<typeof verdictsOn>> = [];
      for (let index = 0; index < answers; index += 1) {
        const said = (await say(openOf(speaker), series, index))!;
        const seen = (await watch(openOf(witness), series, said))!;
        found.push(verdictsOn(said, seen, shippedPairs.at(-1)!.tolerance, () => chance.next()));
      }
      return found;
    }

    test("it reads a conversation by its own tokenizer as the model's file says", async () => {
      const messages = [
        { role: "user", content: "Zähl bis 1024: 一, 二 … 👋🏽\n\n\tand so on. It's done." },
      ] as const;
      const { url } = await served(kind);
      const body = JSON.stringify({ model: "served", messages });
      const response = await fetch(`${url}/tokenize`, {
        ...{ method: "POST", headers: { "content-type": "application/json" }, body },
      });
      const sequence = await witness.open({ kind: "chat", messages }, 1);
      expect(await response.json()).toMatchObject({ tokens: sequence.promptIds });
      sequence.close();
    });

    test("honest answers are near, by their tokens and by all logits", async () => {
      for (const { fingerprint, tokens } of await verdicts(model.path, 8))
        expect({ fingerprint, tokens }).toEqual({ fingerprint: "valid", tokens: "valid" });
    });

    test.each(["q4_0", "noise"] as const)("of answers with other weights (%s) none is", async (weights) => {
      for (const { fingerprint } of await verdicts(await alteredWeights(weights), 4))
        expect(fingerprint).toBe("invalid");
    });
  },
);

const openOf =
  (engine: TokenEngine): Open =>
  (order, signal) =>
    openTokenVoice({ clock }, engine, order, signal);

describe("behind one provider of three", () => {
  let network: CheatedNetwork;
  const [first, , third] = [0, 1, 2] as const;
  const chat = {
    ...{ model: "SmolLM2-135M-Instruct", max_tokens: 24, temperature: 0.7 },
    messages: [{ role: "user", content: "Name three trees." }],
    // Waits longer than a word takes, so that nothing leaves unjudged.
    holdfast: { holdMs: 20_000, witnesses: 2 },
  };

  beforeAll(async () => {
    network = await startCheatedNetwork({ nodes: 3 });
    const { url } = await served("float32");
    await network.serveFrom(third, ["--engine", "vllm", "--upstream", `${url},model=served`]);
  }, startMsMax);
  afterAll(() => network?.stop());

  test("it speaks, and it accepts honest answers", async () => {
    const peer = network.peerOf(third);
    const roles = new Set<string>();
    for (let seed = 0; seed < 40 && roles.size < 2; seed += 1) {
      // It is the slowest of the three, and who is asked first is who is quick: until nobody knows any more.
      if (seed % 4 === 3) await new Promise((resolve) => setTimeout(resolve, paceForgottenMs));
      const { error, end, casts } = await streamChat(network.url, { ...chat, seed });
      expect(error).toBeUndefined();
      expect(end!.verdict).toBe("valid");
      if (casts.some(({ executor }) => executor === peer)) roles.add("speaker");
      else if (end!.witnesses.includes(peer)) roles.add("witness");
    }
    expect(roles.size, "both").toBe(2);
    expect(network.events("chunk-rejected")).toEqual([]);
  });

  test("it rejects what another model says, and nobody honest", async () => {
    const [liar] = await network.bend({ [first]: "other-model" });
    const rejections = () => network.events("chunk-rejected").map(({ peer }) => peer);
    const caught = () => network.events("attempt-ended").filter(({ outcome }) => outcome === "rejected");
    const isCaught = () => caught().length > 0 && rejections().includes(network.peerOf(third));
    for (let seed = 0; seed < 60 && !isCaught(); seed += 1) {
      const seen = await streamChat(network.url, { ...chat, seed });
      // With three nodes nobody is left to settle a dispute: then there is an error rather than a doubtful word.
      if (seen.error === undefined) expect(seen.end).toMatchObject({ verdict: "valid" });
    }
    expect(new Set(caught().map(({ peer }) => peer))).toEqual(new Set([liar]));
    expect(rejections()).toContain(network.peerOf(third));
  });
});
