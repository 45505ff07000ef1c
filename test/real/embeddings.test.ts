import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { embeddingModel } from "../rigs/embedding-model.ts";
import { type LiveNetwork, startLiveNetwork } from "../rigs/live-network.ts";

/** Three providers with a real ONNX model, asked by the official client. */
let network: LiveNetwork;
let client: OpenAI;
const model = "smollm2-135m-embed-15";

beforeAll(async () => {
  network = await startLiveNetwork({ nodes: 3, args: ["--model", await embeddingModel()] });
  client = new OpenAI({ baseURL: network.url, apiKey: "unused", maxRetries: 0 });
});
afterAll(() => network.stop());

const near = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, at) => sum + x * b[at]!, 0);

describe("a network of embedding providers", () => {
  test("gives the official client vectors that nodes agree on to the bit", async () => {
    const input = [
      "The cat sleeps on the sofa.",
      "A kitten is napping on the couch.",
      "Shares fell on Monday.",
    ];
    const answer = await client.embeddings.create({ model, input });
    const [cat, kitten, shares] = answer.data.map(({ embedding }) => embedding);
    expect(cat).toHaveLength(576);
    expect(near(cat!, cat!)).toBeCloseTo(1, 5);
    expect(near(cat!, kitten!)).toBeGreaterThan(near(cat!, shares!));
    expect(answer).toMatchObject({ holdfast: { verdict: "valid", basis: "replication" } });
  });
});
