import { beforeAll, expect, test } from "vitest";
import { type OnnxModel, readOnnxModel } from "../../src/adapters/models/onnx-model.ts";
import { createOnnxEngine } from "../../src/adapters/onnx/engine.ts";
import { labelOf } from "../../src/domain/verification/classes.ts";
import type { EmbeddingEngine } from "../../src/ports.ts";
import { classifyingModel, embeddingModel } from "../rigs/sentence-model.ts";

/** The ONNX engine with real models: one that embeds, and a classifier that was trained on top of it. */
let files: OnnxModel;
let skills: OnnxModel;

beforeAll(async () => {
  files = await readOnnxModel(await embeddingModel());
  skills = await readOnnxModel(await classifyingModel());
});

async function withEngine<T>(
  threads: number,
  use: (engine: EmbeddingEngine) => Promise<T>,
  { model: file, id: model, ...rest } = files,
): Promise<T> {
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
  expect(partners.filter(Boolean).length, "nearest is the paraphrase").toBe(12);
});

test("a vector is the one that the model's makers publish for a text", async () => {
  const { values } = await withEngine(1, (engine) => engine.embed("This is an example sentence", never));
  // The example of sentence-transformers/all-MiniLM-L6-v2's own page.
  const published = [0.0676569, 0.0634959, 0.0487131, 0.0793049, 0.0374481];
  for (const [at, value] of published.entries()) expect(values[at]).toBeCloseTo(value, 6);
});

test("a classifier tells a word that is meant as a skill from the same word elsewhere", async () => {
  const found = await withEngine(
    1,
    async (engine) => {
      const texts = [
        "excel : advanced excel skills including pivot tables and macros are required",
        "excel : you will excel in a fast-paced team that grows every year",
      ];
      const all: number[][] = [];
      for (const text of texts) all.push([...(await engine.embed(text, never)).values]);
      return all;
    },
    skills,
  );
  expect(skills.classes).toEqual({ labels: ["other", "skill"], activation: "softmax" });
  expect(found.map((logits) => labelOf(skills.classes!, logits))).toEqual(["skill", "other"]);
});

test("a classifier whose labels are not those of its file, or whose numbers are none, is refused by its reason", async () => {
  const create = ({ model: file, id: model, ...rest }: OnnxModel, change: object) =>
    createOnnxEngine({ ...rest, file, model, slots: 1, contextTokens: 64, threads: 1, ...change });
  const refused: Array<[OnnxModel, object, RegExp]> = [
    [skills, { classes: { labels: ["a", "b", "c"], activation: "softmax" } }, /2 logits.*3 labels/],
    [skills, { classes: undefined }, /what they are about/],
    [files, { classes: { labels: ["a"], activation: "softmax" } }, /not of the whole text/],
    [files, { file: withoutPosition(0) }, /no finite numbers/],
  ];
  for (const [model, change, reason] of refused)
    await expect(create(model, change)).rejects.toMatchObject({
      ...{ code: "not-a-model", facts: { reason: expect.stringMatching(reason) } },
    });
});

test("a text that a model gives no finite numbers for is refused, and others are not", async () => {
  const broken = { ...files, model: withoutPosition(20) };
  await withEngine(
    1,
    async (engine) => {
      await expect(engine.embed("word ".repeat(30), never)).rejects.toMatchObject({ code: "bad-request" });
      expect((await engine.embed("word", never)).tokens).toBe(3);
    },
    broken,
  );
});

/** The model with one number that is none, in what it knows of one position: the tensor's bytes follow its name. */
function withoutPosition(position: number): Uint8Array {
  const bytes = Buffer.from(files.model);
  const name = "embeddings.position_embeddings.weight";
  const tagAndLength = 4;
  const start = bytes.lastIndexOf(name) + name.length + tagAndLength;
  bytes.writeFloatLE(Number.NaN, start + 4 * 384 * position);
  return bytes;
}

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
