import { beforeAll, expect, test } from "vitest";
import { type OnnxModel, readOnnxModel } from "../../src/adapters/models/onnx-model.ts";
import { createOnnxEngine } from "../../src/adapters/onnx/engine.ts";
import type { EmbeddingEngine } from "../../src/ports.ts";
import { embeddingModel } from "../rigs/sentence-model.ts";

/** The ONNX engine with a real model. */
let files: OnnxModel;

beforeAll(async () => {
  files = await readOnnxModel(await embeddingModel());
});

async function withEngine<T>(threads: number, use: (engine: EmbeddingEngine) => Promise<T>): Promise<T> {
  const { model: file, id: model, ...rest } = files;
  const engine = await createOnnxEngine({ ...rest, file, model, slots: 4, contextTokens: 128, threads });
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

const never = new AbortController().signal;
const pairs = [
  ["A man is playing a guitar on stage.", "Someone performs music with a guitar."],
  ["The stock market fell sharply today.", "Shares dropped steeply on the exchange this afternoon."],
  ["How do I reset my password?", "I forgot my login credentials and need to change them."],
  ["The recipe needs two eggs and flour.", "Mix flour with a pair of eggs for this dish."],
  ["Heavy rain flooded the village.", "The small town was under water after the storm."],
  ["The cat sleeps on the sofa.", "A kitten is napping on the couch."],
];

test("a text's vector is the same to the bit, whatever was asked before, beside it, and with however many threads", async () => {
  const texts = [...pairs.flat(), "word ".repeat(100), "ü", "世界"];
  const inOrder = (engine: EmbeddingEngine, all: readonly string[]) =>
    Promise.all(all.map((text) => engine.embed(text, never)));
  const one = await withEngine(1, (engine) => inOrder(engine, texts));
  const two = await withEngine(2, (engine) => inOrder(engine, texts.toReversed()));
  expect(two.toReversed()).toEqual(one);
  for (const { values } of one) expect(Math.hypot(...values)).toBeCloseTo(1, 6);
});

test("what says the same lies closer together than what does not", async () => {
  const vectors = await withEngine(1, async (engine) => {
    const all: Float32Array[] = [];
    for (const text of pairs.flat()) all.push((await engine.embed(text, never)).values);
    return all;
  });
  const near = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, at) => sum + x * b[at]!, 0);
  const partners = vectors.map((own, at) => {
    const others = vectors.map((other, index) => (index === at ? -1 : near(own, other)));
    return others.indexOf(Math.max(...others)) === (at ^ 1);
  });
  expect(partners.filter(Boolean).length, "nearest is the paraphrase").toBeGreaterThanOrEqual(11);
});

test("a text that is too long is refused, and one that nobody waits for any more is not computed", async () => {
  await withEngine(1, async (engine) => {
    await expect(engine.embed("word ".repeat(200), never)).rejects.toMatchObject({
      code: "context-overflow",
    });
    await expect(engine.embed("x".repeat(1_000_000), never)).rejects.toMatchObject({
      code: "context-overflow",
    });
    await expect(engine.embed("text", AbortSignal.abort())).rejects.toThrow();
  });
});

test("what is no model, or none with its tokenizer, is refused by what is wrong with it", async () => {
  const { id: model, ...rest } = files;
  const options = { ...rest, file: rest.model, model, slots: 1, contextTokens: 64, threads: 1 };
  const cut = { ...options, file: rest.model.subarray(0, 1000) };
  await expect(createOnnxEngine(cut)).rejects.toMatchObject({ code: "model-unloadable" });
  const other = { ...options, tokenizer: "not json" };
  await expect(createOnnxEngine(other)).rejects.toMatchObject({ code: "model-unloadable" });
});
