import { readFileSync } from "node:fs";
import { join } from "node:path";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { createLlamaEngine } from "../../src/adapters/llama/engine.ts";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { fetchDefaultModel } from "../../src/adapters/models/default-model.ts";
import { systemClock as clock } from "../../src/adapters/system/clock.ts";
import { reportOnText } from "../../src/commands/verify.ts";
import type { JobId } from "../../src/domain/ids.ts";
import type { Receipt } from "../../src/domain/verification/receipt.ts";
import type { TokenEngine } from "../../src/ports.ts";
import type { OpenOrder } from "../../src/protocol/attempt.ts";
import { shippedPairs } from "../../src/protocol/calibration.generated.ts";
import { tolerancesOf } from "../../src/protocol/calibration.ts";
import { createAnswer } from "../../src/roles/provider/answer.ts";
import { openTokenVoice } from "../../src/roles/provider/token-voice.ts";
import type { CheatName } from "../adversaries/cheats.ts";
import { type LiveNetwork, startLiveNetwork } from "../rigs/live-network.ts";
import { type Streamed, streamChat } from "../rigs/stream.ts";
import { until } from "../rigs/until.ts";

/** Answers in a form that was asked for, by a real model: over a network that loses its speaker, and by a liar's side. */

const Person = z.object({
  name: z.string().max(40),
  age: z.int(),
  hobbies: z.array(z.string().max(30)).max(4),
  mood: z.enum(["cheerful", "gloomy"]),
  pet: z.union([z.object({ kind: z.literal("cat") }), z.null()]),
});
const format = zodResponseFormat(Person, "person");
const model = "SmolLM2-135M-Instruct";
const messages = [{ role: "user" as const, content: "Invent a person and tell me all about them." }];
let network: LiveNetwork;
let engine: TokenEngine;

beforeAll(async () => {
  const { path, id } = await fetchDefaultModel({ cache: cacheFolder(process.env) });
  network = await startLiveNetwork({ nodes: 3 });
  await allWell();
  engine = await createLlamaEngine({
    ...{ file: path, model: id, name: model, slots: 2, contextTokens: 1024, threads: 1, gpu: false },
  });
});
afterAll(async () => {
  await engine?.close();
  await network?.stop();
});

async function allWell(): Promise<void> {
  const alive = async () => (await network.known()).filter((each) => each.alive).length;
  await until(async () => (await alive()) === 3, 30_000, "all three are well");
}

/** `strikeAt`: letters after which the speaker is killed, to come back honest or not. */
async function ask(more: Record<string, unknown>, strikeAt?: number, cheat?: CheatName): Promise<Streamed> {
  if (strikeAt !== undefined) await allWell();
  let struck: string | undefined;
  const body = { model, messages, response_format: format, max_tokens: 250, ...more };
  const seen = await streamChat(network.url, body, {
    onPiece(text, executor) {
      if (struck !== undefined || strikeAt === undefined || text.length < strikeAt) return;
      struck = executor;
      network.provider(executor).signal("SIGKILL");
    },
  });
  if (struck !== undefined) await network.provider(struck).revive(cheat);
  expect(struck === undefined, "somebody was struck").toBe(strikeAt === undefined);
  return seen;
}

test("the official client parses it, and gets a sentence about a schema that cannot be kept", async () => {
  const client = new OpenAI({ baseURL: network.url, apiKey: "unused", maxRetries: 0 });
  const asked = { model, messages, max_tokens: 250, temperature: 0.8, seed: 3 };
  const parsed = await client.chat.completions.parse({ ...asked, response_format: format });
  expect(Person.parse(parsed.choices[0]!.message.parsed)).toBeTruthy();
  const open = await client.chat.completions.create({
    ...{ ...asked, max_tokens: 24, response_format: { type: "json_object" } },
  });
  expect(open.choices[0]!.message.content).toMatch(/^\{/);
  const strict = { name: "x", strict: true, schema: { type: "string", format: "email" } };
  await expect(
    client.chat.completions.create({
      ...asked,
      response_format: { type: "json_schema", json_schema: strict },
    }),
  ).rejects.toMatchObject({
    ...{ status: 400, param: "response_format.json_schema.schema" },
    message: expect.stringContaining("`format`"),
  });
});

test("a receipt of it is checked against its schema, by a stranger without the model as well", async () => {
  const { end } = await ask({ seed: 11, holdfast: { finality: "final", receiptPrompt: true } });
  const text = await (await fetch(new URL(end!.receipt!, network.url))).text();
  const report = await reportOnText(text, tolerancesOf(shippedPairs));
  expect(report).toMatchObject({ verdict: "valid" });
  expect(report.checked).toContain("the text, against the schema that was asked for");
  const other = JSON.parse(text) as Receipt;
  const relabelled = { ...other, sampling: { ...other.sampling, schema: '{"type":"array"}' } };
  expect(await reportOnText(JSON.stringify(relabelled), tolerancesOf(shippedPairs))).toMatchObject({
    verdict: "invalid",
  });
});

let liar = "";

test.each<[number, number, CheatName?]>([
  [0, 20],
  [0.8, 45, "formless"],
])(
  "at temperature %d the answer fits, though its speaker is killed after %d letters",
  async (temperature, letters, cheat) => {
    const seen = await ask({ temperature, seed: 7 }, letters, cheat);
    liar = seen.casts[0]!.executor;
    expect(seen).toMatchObject({ done: true, error: undefined, finish: "stop", end: { verdict: "valid" } });
    expect(seen.end!.switches).toBeGreaterThan(0);
    expect(seen.casts.length).toBe(seen.end!.switches + 1);
    Person.parse(JSON.parse(seen.text));
  },
);

test("a provider that pays no heed to the schema is found out before anything of it leaves", async () => {
  await allWell();
  const log = join(network.home, "gateway/log");
  const isBlamed = (line: string) => line.includes(liar) && line.includes('"outcome":"garbage"');
  const isFound = () => readFileSync(log, "utf8").split("\n").some(isBlamed);
  // As many at once as there are providers: one by one, whoever is quickest is asked again and again.
  for (let turn = 0; turn < 8 && !isFound(); turn += 1) {
    const asked = [0, 1, 2].map((at) =>
      ask({ temperature: 0.8, seed: 3 * turn + at, max_tokens: 16, holdfast: { finality: "none" } }),
    );
    for (const seen of await Promise.all(asked))
      expect(seen).toMatchObject({ error: undefined, text: expect.stringMatching(/^\{/) });
  }
  expect(isFound(), "it was asked, and blamed").toBe(true);
});

test("a witness rejects what does not fit, whoever let it through", async () => {
  const prompt: OpenOrder["prompt"] = { kind: "chat", messages: [...messages] };
  const open = (schema?: string): OpenOrder => ({
    ...{ t: "open", job: "0a".repeat(32) as JobId, model: engine.model, prompt },
    ...{ tokensMax: 24, tokensDefault: 24, contextTokens: 1024, holdMs: 250, deadlineMs: 60_000 },
    sampling: { temperature: 0, topP: 1, seed: "00".repeat(32), ...(schema === undefined ? {} : { schema }) },
  });
  const { signal } = new AbortController();
  const speaker = await openTokenVoice({ clock }, engine, open(), signal);
  const witness = await openTokenVoice({ clock }, engine, open('{"type":"object"}'), signal);
  const answer = createAnswer("0a".repeat(32) as JobId, speaker.promptDigest);
  const said = await speaker.speak(answer, () => false, signal);
  expect(await witness.judge(answer, { ...said!, signature: "" }, [], signal)).toMatchObject({
    ...{ accepted: false, reason: "margin", at: 0 },
  });
  speaker.close();
  witness.close();
});

test("every token's bytes are what the detokeniser makes of them", async () => {
  const sequence = await engine.open({ kind: "text", text: "x" }, 1);
  const { vocabulary } = engine;
  let parts = 0;
  for (let id = 0; id < 49_152; id += 7) {
    const bytes = vocabulary!.bytesOf(id);
    const spelled = new TextDecoder().decode(bytes);
    if (spelled.includes("\uFFFD")) parts += 1;
    else expect(spelled).toBe(sequence.text([id], []));
    if (bytes.length > 0) expect(vocabulary!.startingWith(bytes[0]!)).toContain(id);
  }
  expect(parts).toBeGreaterThan(10);
  expect(vocabulary!.ends.every((id) => sequence.ends(id))).toBe(true);
  sequence.close();
});
