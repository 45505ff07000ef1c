import { afterAll, beforeAll, expect, test } from "vitest";
import { createLlamaEngine } from "../../src/adapters/llama/engine.ts";
import { openTokenizer, type Tokenizer } from "../../src/adapters/llama/tokenizer.ts";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { fetchDefaultModel } from "../../src/adapters/models/default-model.ts";
import { createVllmEngine } from "../../src/adapters/openai/vllm-engine.ts";
import type { TokenId } from "../../src/domain/ids.ts";
import type { Prompt, Sampling } from "../../src/domain/inference/spec.ts";
import { leafDistance } from "../../src/domain/verification/distance.ts";
import { tolerances } from "../../src/domain/verification/judge.ts";
import { leafOf } from "../../src/domain/verification/leaf.ts";
import { margin } from "../../src/domain/verification/margin.ts";
import { choose } from "../../src/domain/verification/sampler.ts";
import type { TokenEngine, TokenSequence } from "../../src/ports.ts";

/** A server with the default model, named `served`. */
export interface ServedModel {
  readonly url: string;
  stop(): unknown;
}

/** What holds of the engine for vLLM beside the embedded engine, whichever server is behind it. */
export function vllmSuite(serve: () => Promise<ServedModel>, startMsMax: number): void {
  let ours: TokenEngine;
  let theirs: TokenEngine;
  let words: Tokenizer & { close(): Promise<void> };
  let server: ServedModel;
  const { signal } = new AbortController();
  const sampling: Sampling = { temperature: 0.7, topP: 0.95, seed: "5e".repeat(32) };

  beforeAll(async () => {
    const { path: file, id: model } = await fetchDefaultModel({ cache: cacheFolder(process.env) });
    const room = { model, name: "smollm2-135m", contextTokens: 512 };
    ours = await createLlamaEngine({ file, ...room, slots: 2, threads: 1, gpu: false });
    words = await openTokenizer(file);
    server = await serve();
    theirs = await createVllmEngine(
      { words },
      { url: server.url, upstreamModel: "served", slots: 2, ...room },
    );
  }, startMsMax);
  afterAll(async () => {
    await theirs?.close();
    await server?.stop();
    await words?.close();
    await ours?.close();
  });

  async function speak(sequence: TokenSequence, count: number, begun: readonly TokenId[] = []) {
    const ids = [...begun];
    for (let unsaid: TokenId[] = []; ids.length < begun.length + count; unsaid = ids.slice(-1))
      ids.push(choose(await sequence.next(unsaid, signal), sampling, ids.length).id);
    return ids;
  }

  test("words and ends without the weights are those of the engine that has them", async () => {
    const [one, other] = [
      await theirs.open(ask("Say <|im_end|> Ätsch 👋🏽."), 8),
      await ours.open(ask("Say <|im_end|> Ätsch 👋🏽."), 8),
    ];
    expect(one.promptIds).toEqual(other.promptIds);
    for (const id of [0, 1, 2, 3, 17, 260, 49_151, 49_152, 0x7fff_ffff]) {
      expect(one.ends(id)).toBe(other.ends(id));
      expect(one.text([id], [])).toBe(other.text([id], []));
    }
    one.close();
    other.close();
  });

  test("what the embedded engine says it accepts, at every position, and sees what is swapped", async () => {
    const prompt = ask("Tell me about the sea.");
    const [speaker, witness] = [await ours.open(prompt, 64), await theirs.open(prompt, 64)];
    const ids = await speak(speaker, 16);
    await witness.judge([], signal);
    const lists = [
      ...(await witness.judge(ids.slice(0, 8), signal)),
      ...(await witness.judge(ids.slice(8), signal)),
    ];
    const margins = ids.map((id, at) => margin(lists[at]!, { id }, sampling, at));
    expect(Math.max(...margins)).toBeLessThan(tolerances.marginMax);
    await witness.keep(4);
    const [swapped] = await witness.judge([4242], signal);
    const [logit] = await witness.logitsOf(4, [4242], signal);
    expect(margin(swapped!, { id: 4242, logit: logit! }, sampling, 4)).toBeGreaterThan(tolerances.marginMax);
    speaker.close();
    witness.close();
  });

  test("what it says the embedded engine accepts, and leaves of both are near, whatever number the logprobs are less", async () => {
    const prompt = ask("Why do leaves change colour?");
    const [speaker, witness, own] = [
      await theirs.open(prompt, 64),
      await ours.open(prompt, 64),
      await theirs.open(prompt, 64),
    ];
    const ids = await speak(speaker, 12);
    const [seen, shown] = [await witness.judge(ids, signal), await own.judge(ids, signal)];
    for (const [at, id] of ids.entries()) {
      expect(margin(seen[at]!, { id }, sampling, at)).toBeLessThan(tolerances.marginMax);
      expect(leafDistance(leafOf(seen[at]!)!, leafOf(shown[at]!)!)).toBeLessThan(0.5);
    }
    for (const each of [speaker, witness, own]) each.close();
  });

  test("promoted, it goes on at the next position as the embedded engine would", async () => {
    const prompt = ask("How does a bicycle stay upright?");
    const [first, follower] = [await ours.open(prompt, 64), await theirs.open(prompt, 64)];
    const ids = await speak(first, 10);
    await follower.judge(ids.slice(0, 8), signal);
    await follower.keep(6);
    await follower.judge(ids.slice(6, 9), signal);
    const { id } = choose(await follower.next(ids.slice(9), signal), sampling, 10);
    const expected = await first.next(ids.slice(-1), signal);
    expect(margin(expected, { id }, sampling, 10)).toBeLessThan(tolerances.marginMax);
    first.close();
    follower.close();
  });
}

const ask = (content: string): Prompt => ({ kind: "chat", messages: [{ role: "user", content }] });
