import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLlamaEngine } from "../../src/adapters/llama/engine.ts";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { fetchDefaultModel } from "../../src/adapters/models/default-model.ts";
import { createLlamaServerEngine } from "../../src/adapters/openai/llama-server-engine.ts";
import { systemClock as clock } from "../../src/adapters/system/clock.ts";
import { systemRandom as random } from "../../src/adapters/system/random.ts";
import type { JobId } from "../../src/domain/ids.ts";
import type { Chunk } from "../../src/domain/inference/chunk.ts";
import type { TokenEngine } from "../../src/ports.ts";
import type { OpenOrder } from "../../src/protocol/attempt.ts";
import { createAnswer } from "../../src/roles/provider/answer.ts";
import { openTokenVoice } from "../../src/roles/provider/token-voice.ts";
import { type LlamaServerRig, startLlamaServer } from "../rigs/llama-server.ts";

/** Answers in a given form, by a real llama-server and by the embedded engine, each before the other. */

let server: LlamaServerRig;
let theirs: TokenEngine;
let ours: TokenEngine;
const { signal } = new AbortController();
const job = "0a".repeat(32) as JobId;
const form = {
  ...{ type: "object", required: ["name", "age", "mood"], additionalProperties: false },
  properties: {
    name: { type: "string", maxLength: 16 },
    age: { type: "integer" },
    mood: { enum: ["cheerful", "gloomy"] },
  },
};

beforeAll(async () => {
  const { path: file, id: model } = await fetchDefaultModel({ cache: cacheFolder(process.env) });
  server = await startLlamaServer(file);
  const room = { model, name: "smollm2-135m", slots: 2, contextTokens: 1024 };
  theirs = await createLlamaServerEngine({ random }, { url: server.url, ...room });
  ours = await createLlamaEngine({ file, ...room, threads: 1, gpu: false });
});
afterAll(async () => {
  await theirs?.close();
  await ours?.close();
  await server?.stop();
});

const open = (temperature: number, schema?: string): OpenOrder => ({
  ...{ t: "open", job, model: ours.model, tokensMax: 80, tokensDefault: 80, contextTokens: 1024 },
  ...{ holdMs: 250, deadlineMs: 60_000 },
  prompt: { kind: "chat", messages: [{ role: "user", content: "Invent a person." }] },
  sampling: { temperature, topP: 1, seed: "7e".repeat(32), ...(schema === undefined ? {} : { schema }) },
});

/** What `speaker` says to the end, and what `witness` makes of each chunk. */
async function between(speaker: TokenEngine, witness: TokenEngine, said: OpenOrder, heard = said) {
  const voice = await openTokenVoice({ clock }, speaker, said, signal);
  const judge = await openTokenVoice({ clock }, witness, heard, signal);
  const answer = createAnswer(job, voice.promptDigest);
  const shown = createAnswer(job, voice.promptDigest);
  const judgements: Awaited<ReturnType<typeof judge.judge>>[] = [];
  let text = "";
  let end: Chunk["end"];
  while (end === undefined) {
    const chunk = { ...(await voice.speak(answer, () => false, signal))!, signature: "" };
    answer.append(chunk);
    judgements.push(await judge.judge(shown, chunk, [], signal));
    shown.append(chunk);
    text += chunk.text;
    end = chunk.end;
  }
  voice.close();
  judge.close();
  return { text, end, judgements };
}

test("its whole vocabulary is what the model's file says, byte for byte, and so are its ends", () => {
  const [one, other] = [theirs.vocabulary!, ours.vocabulary!];
  expect(one.ends).toEqual(other.ends);
  for (let id = 0; id < 49_152; id += 1)
    if (Buffer.compare(one.bytesOf(id), other.bytesOf(id)) !== 0) throw new Error(`token ${id} differs`);
  for (let byte = 0; byte < 256; byte += 1) expect(one.startingWith(byte)).toEqual(other.startingWith(byte));
});

describe.each([0, 0.8])("at temperature %d", (temperature) => {
  test.each([
    ["it speaks and the embedded engine follows", true],
    ["the embedded engine speaks and it follows", false],
  ])("the answer fits, and is accepted, when %s", async (_, speaks) => {
    const [speaker, witness] = speaks ? [theirs, ours] : [ours, theirs];
    const { text, end, judgements } = await between(
      speaker,
      witness,
      open(temperature, JSON.stringify(form)),
    );
    expect(end).toBe("stop");
    expect(JSON.parse(text)).toMatchObject({ name: expect.any(String), age: expect.any(Number) });
    expect(judgements.filter((each) => !each?.accepted)).toEqual([]);
  });
});

test("a word that does not fit is rejected at positions it does not look at as well", async () => {
  const { judgements } = await between(ours, theirs, open(0), open(0, '{"type":"object"}'));
  // Nothing fits from the first token on: it saw that one or not, as it drew.
  expect(judgements[0]).toMatchObject({ accepted: false, reason: "margin", at: 0 });
});

test("of tokens far down its list it says what the embedded engine says", async () => {
  const prompt = open(0).prompt;
  const [one, other] = [await theirs.open(prompt, 8), await ours.open(prompt, 8)];
  await one.next([], signal);
  await other.next([], signal);
  const ids = theirs.vocabulary!.startingWith(0x7b);
  const [a, b] = [await one.logitsOf(0, ids, signal), await other.logitsOf(0, ids, signal)];
  const [bestA, bestB] = [Math.max(...a), Math.max(...b)];
  expect(a.indexOf(bestA), "the likeliest of them").toBe(b.indexOf(bestB));
  for (const [at, logit] of a.entries()) {
    // From another base: compared as differences. What it says nothing of lies too far below the best to matter.
    if (Number.isFinite(logit)) expect(Math.abs(bestA - logit - (bestB - b[at]!))).toBeLessThan(0.5);
    else expect(bestB - b[at]!).toBeGreaterThan(1.5);
  }
  one.close();
  other.close();
});
