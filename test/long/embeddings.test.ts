import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CheatName } from "../adversaries/cheats.ts";
import { root } from "../rigs/command.ts";
import { type LiveNetwork, startLiveNetwork } from "../rigs/live-network.ts";
import { classifyingModel, embeddingModel } from "../rigs/sentence-model.ts";
import { until } from "../rigs/until.ts";

/** Three providers with a real ONNX model, each a process, asked by the official client. */
let network: LiveNetwork;
let client: OpenAI;
let file: string;
const model = "all-MiniLM-L6-v2";

beforeAll(async () => {
  file = await embeddingModel();
  network = await startLiveNetwork({ nodes: 3, args: ["--model", file] });
  client = new OpenAI({ baseURL: network.url, apiKey: "unused", maxRetries: 0 });
});
afterAll(() => network?.stop());

const texts = [
  "The cat sleeps on the sofa.",
  "A kitten is napping on the couch.",
  "The stock market fell sharply today.",
];

interface Facts {
  readonly job: string;
  readonly verdict: string;
  readonly basis: string;
  readonly attempts: number;
  readonly receipt?: string;
}

async function embed(input: string | string[], more: Record<string, unknown> = {}) {
  const answer = await client.embeddings.create({ model, input, ...more });
  const { holdfast } = answer as typeof answer & { readonly holdfast: Facts };
  return { ...answer, holdfast, vectors: answer.data.map(({ embedding }) => embedding) };
}

const near = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, at) => sum + x * b[at]!, 0);

describe("a network of embedding providers", () => {
  test("gives the official client vectors that nodes agree on to the bit", async () => {
    const { vectors, usage, holdfast } = await embed(texts);
    const [cat, kitten, shares] = vectors;
    expect(cat).toHaveLength(384);
    expect(near(cat!, cat!)).toBeCloseTo(1, 5);
    expect(near(cat!, kitten!)).toBeGreaterThan(near(cat!, shares!));
    expect(usage).toEqual({ prompt_tokens: 29, total_tokens: 29 });
    expect(holdfast).toMatchObject({ verdict: "valid", basis: "replication", attempts: 3 });
  });

  test("gives a text the same vector whatever it is sent with, and in either encoding", async () => {
    const { vectors: all } = await embed(texts);
    const { vectors: one } = await embed(texts[1]!, { encoding_format: "float" });
    const { vectors: again } = await embed(texts.toReversed(), { encoding_format: "float" });
    expect(one[0]).toEqual(again[1]);
    expect(one[0]).toEqual(Array.from(all[1]!));
  });

  test("keeps a receipt that a stranger can check, and compute again", async () => {
    const { holdfast } = await embed(texts, { holdfast: { receiptPrompt: true, finality: "final" } });
    const path = await receiptOf(holdfast);
    expect(await verify(path)).toMatchObject({
      verdict: "valid",
      reasons: [expect.stringMatching(/^agreed/)],
    });
    const computed = { verdict: "valid", reasons: [expect.stringMatching(/^computed/)] };
    expect(await verify(path, "--model", file)).toMatchObject(computed);
    const kept = readFileSync(path, "utf8");
    const forged = JSON.parse(kept);
    forged.vectors.reverse();
    writeFileSync(path, JSON.stringify(forged));
    expect(await verify(path)).toMatchObject({ verdict: "invalid" });
    const { inputs: _, ...silent } = JSON.parse(kept);
    writeFileSync(path, JSON.stringify(silent));
    expect(await verify(path)).toMatchObject({ verdict: "inconclusive" });
    expect((await embed(texts)).holdfast, "nobody asked for one").not.toHaveProperty("receipt");
  });

  test("refuses, and says why, what it cannot honour", async () => {
    const refusals: Array<[Record<string, unknown>, string]> = [
      [{ input: "word ".repeat(600) }, "context_length_exceeded"],
      [{ input: [[1, 2, 3]] }, "tokens_not_supported"],
      [{ input: texts, dimensions: 64 }, "unsupported_parameter"],
      [{ input: texts, model: "no such" }, "model_not_found"],
    ];
    for (const [body, code] of refusals)
      await expect(client.post("/embeddings", { body: { model, ...body } })).rejects.toMatchObject({ code });
    const chat = client.chat.completions.create({ model, messages: [{ role: "user", content: "Hello" }] });
    await expect(chat).rejects.toMatchObject({ status: 400, code: "unsupported_model" });
  });

  test.each<[CheatName, number]>([
    ["eight-bit-vectors", 0],
    ["lazy-vectors", 1],
  ])("outvotes a provider that cheats by %s, and blames nobody else", async (cheat, index) => {
    const right = await embed(texts);
    const peer = await bend(index, cheat);
    const found = () => blamed().some((each) => each === peer);
    for (let asked = 0; asked < 12 && !found(); asked += 1) {
      const { vectors, holdfast } = await embed(texts, { holdfast: { finality: "final" } });
      expect(vectors).toEqual(right.vectors);
      expect(holdfast).toMatchObject({ verdict: "valid", basis: "replication" });
    }
    await until(found, 15_000, "it was blamed");
    expect(new Set(blamed()), "nobody else was").toEqual(new Set([peer]));
    await bend(index);
  });

  test("says that nobody checked when one provider is left, and refuses to call that final", async () => {
    const [first, second] = network.providers();
    for (const each of [first!, second!]) each.signal("SIGKILL");
    const { vectors, holdfast } = await embed(texts);
    expect(vectors).toHaveLength(3);
    expect(holdfast).toMatchObject({ verdict: "inconclusive", basis: "none" });
    const final = embed(texts, { holdfast: { finality: "final" } });
    await expect(final).rejects.toMatchObject({ status: 502, code: "not_final" });
  });
});

async function receiptOf({ receipt, job }: Facts, from = network): Promise<string> {
  const answer = await fetch(new URL(receipt ?? "", from.url));
  const path = join(from.home, `${job}.json`);
  writeFileSync(path, await answer.text());
  return path;
}

/** What `holdfast verify` says. */
function verify(path: string, ...flags: string[]): Promise<{ readonly verdict: string }> {
  const args = [join(root, "src/main.ts"), "verify", path, "--json", "--home", network.home, ...flags];
  return new Promise((resolve, reject) =>
    execFile(process.execPath, args, (_, stdout, stderr) => {
      if (stdout === "") reject(new Error(stderr));
      else resolve(JSON.parse(stdout) as { verdict: string });
    }),
  );
}

/** Peers that answered otherwise than the rest since the last bend, by the gateway's own log. */
let logSeen = 0;
function blamed(): string[] {
  const lines = readFileSync(join(network.home, "gateway/log"), "utf8").split("\n").slice(logSeen);
  const events = lines.filter((line) => line.includes('"attempt-ended"')).map((line) => JSON.parse(line));
  return events
    .filter(({ outcome }) => outcome === "rejected" || outcome === "garbage")
    .map(({ peer }) => peer);
}

async function bend(index: number, cheat?: CheatName): Promise<string> {
  const provider = network.providers()[index]!;
  provider.signal("SIGKILL");
  await provider.revive(cheat);
  const alive = async () => (await network.known()).filter((each) => each.alive).length;
  await until(async () => (await alive()) === 3, 60_000, "all are known");
  logSeen = readFileSync(join(network.home, "gateway/log"), "utf8").split("\n").length - 1;
  return provider.peer;
}

describe("a network of classifiers", () => {
  test("agrees on classes to the bit, finds a liar, and leaves a receipt that holds when it is computed again", async () => {
    const classifier = await classifyingModel();
    const sorting = await startLiveNetwork({ nodes: 3, args: ["--model", classifier] });
    try {
      const asking = new OpenAI({ baseURL: sorting.url, apiKey: "unused", maxRetries: 0 });
      const classify = (more: object = {}): Promise<Classified> =>
        asking.post("/classify", { body: { model: "skill-extractor", input: postings, ...more } });
      const { data, holdfast } = await classify({ holdfast: { receiptPrompt: true, finality: "final" } });
      expect(data.map(({ label }) => label)).toEqual(["skill", "other"]);
      expect(holdfast).toMatchObject({ verdict: "valid", basis: "replication" });
      const receipt = await receiptOf(holdfast, sorting);
      const computed = { verdict: "valid", reasons: [expect.stringMatching(/^computed/)] };
      expect(await verify(receipt, "--model", classifier)).toMatchObject(computed);
      const forged = JSON.parse(readFileSync(receipt, "utf8"));
      forged.classes.labels.reverse();
      writeFileSync(receipt, JSON.stringify(forged));
      expect(await verify(receipt)).toMatchObject({ verdict: "invalid" });
      await expect(classify({ input: "word ".repeat(600) })).rejects.toMatchObject({
        code: "context_length_exceeded",
      });
      const liar = sorting.providers()[0]!;
      liar.signal("SIGKILL");
      await liar.revive("lazy-vectors");
      const log = () => readFileSync(join(sorting.home, "gateway/log"), "utf8");
      const found = () =>
        log()
          .split("\n")
          .some((line) => line.includes(liar.peer) && line.includes('"rejected"'));
      for (let asked = 0; asked < 12 && !found(); asked += 1) {
        const again = await classify({ holdfast: { finality: "final" } });
        expect(again.data).toEqual(data);
      }
      await until(found, 15_000, "the liar was blamed");
    } finally {
      await sorting.stop();
    }
  });
});

/** One word, meant as a skill and not. */
const postings = [
  "go : hands-on experience with go, docker and kubernetes in production",
  "go : we go the extra mile for our customers and offer free lunch on fridays",
];

interface Classified {
  readonly data: ReadonlyArray<{ readonly label: string; readonly probs: readonly number[] }>;
  readonly holdfast: Facts;
}

describe("a network that gives words and vectors", () => {
  test("asks each of its models for what it gives", async () => {
    const both = await startLiveNetwork({ nodes: 2, args: ["--engine", "synthetic", "--embeddings", file] });
    try {
      const asking = new OpenAI({ baseURL: both.url, apiKey: "unused", maxRetries: 0 });
      const models = (await asking.models.list()).data.map(({ id }) => id);
      expect(models).toContain(model);
      const chat = models.find((id) => id !== model)!;
      const { data } = await asking.embeddings.create({ model, input: "a text" });
      expect(data).toHaveLength(1);
      const messages = [{ role: "user" as const, content: "Hello" }];
      const answer = await asking.chat.completions.create({ model: chat, messages, max_tokens: 8 });
      expect(answer.choices[0]?.message.content).toBeTruthy();
      const crossed = { status: 400, code: "unsupported_model" };
      await expect(asking.embeddings.create({ model: chat, input: "a text" })).rejects.toMatchObject(crossed);
      await expect(asking.chat.completions.create({ model, messages })).rejects.toMatchObject(crossed);
    } finally {
      await both.stop();
    }
  });
});
