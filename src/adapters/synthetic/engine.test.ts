import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { until as untilWithin } from "../../../test/rigs/until.ts";
import type { Prompt } from "../../domain/inference/spec.ts";
import { margin } from "../../domain/verification/margin.ts";
import { choose } from "../../domain/verification/sampler.ts";
import { systemClock as clock } from "../system/clock.ts";
import { type Ailment, setAilment, watchCondition } from "./ailment.ts";
import { createSyntheticEngine } from "./engine.ts";
import { promptKey, syntheticAnswer, tokenAt } from "./model.ts";

const prompt: Prompt = { kind: "chat", messages: [{ role: "user", content: "Count the foxes." }] };
const sampling = { temperature: 0.7, topP: 0.9, seed: "11".repeat(32) };
const { signal } = new AbortController();

function engineOf(slots = 4) {
  const home = mkdtempSync(join(tmpdir(), "holdfast-synthetic-"));
  const engine = createSyntheticEngine(
    { clock, condition: watchCondition(home) },
    { pace: 500, slots, contextTokens: 64 },
  );
  onTestFinished(async () => {
    await engine.close();
    rmSync(home, { recursive: true });
  });
  return { engine, suffer: (ailment: Ailment | undefined) => setAilment(home, ailment) };
}

/** What it says, as a speaker would ask it. */
async function speak(engine: ReturnType<typeof engineOf>["engine"], tokens: number): Promise<string> {
  const sequence = await engine.open(prompt, tokens);
  const ids: number[] = [];
  for (let position = 0; position < tokens; position += 1) {
    ids.push(choose(await sequence.next(ids.slice(-1), signal), sampling, position).id);
  }
  sequence.close();
  return sequence.text(ids, []);
}

test("any number of engines say what whoever asked can compute, at any temperature and seed", async () => {
  const texts = await Promise.all([speak(engineOf().engine, 12), speak(engineOf().engine, 12)]);
  expect(texts).toEqual([syntheticAnswer(prompt, 12), syntheticAnswer(prompt, 12)]);
  const other: Prompt = { kind: "chat", messages: [{ role: "user", content: "Count the geese." }] };
  expect(syntheticAnswer(other, 12)).not.toBe(texts[0]);
});

test("a wrong token has the largest margin, the right one none, also where a follower takes over", async () => {
  const { engine } = engineOf();
  const key = promptKey(prompt);
  const sequence = await engine.open(prompt, 8);
  const right = [0, 1, 2].map((position) => tokenAt(key, position));
  const lists = await sequence.judge(right, signal);
  expect(lists.map((list, at) => margin(list, { id: right[at]! }, sampling, at))).toEqual([0, 0, 0]);
  const [logit] = await sequence.logitsOf(2, [right[1]!], signal);
  const wrong = { id: right[1]!, logit: logit! };
  expect(margin(lists[2]!, wrong, sampling, 2)).toBe(100);
  await sequence.keep(2);
  expect((await sequence.next([], signal))[0]?.id).toBe(right[2]);
});

test("more jobs than it has slots are refused as busy, and a closed one makes room", async () => {
  const { engine } = engineOf(1);
  const first = await engine.open(prompt, 8);
  await expect(engine.open(prompt, 8)).rejects.toMatchObject({ code: "busy" });
  first.close();
  await expect(engine.open(prompt, 8)).resolves.toBeDefined();
});

test("what does not fit its window is refused, not cut", async () => {
  await expect(engineOf().engine.open(prompt, 64)).rejects.toMatchObject({ code: "context-overflow" });
});

test("told to, it stalls until it is well again, and a stalled job can still be given up", async () => {
  const { engine, suffer } = engineOf();
  const [waiting, given] = [await engine.open(prompt, 8), await engine.open(prompt, 8)];
  suffer("stall");
  await until(
    async () => (await settledSoon(engine.open(prompt, 8).then((it) => it.next([], signal)))) === false,
  );
  const said = waiting.next([], signal);
  const giveUp = new AbortController();
  const gone = given.next([], giveUp.signal);
  giveUp.abort();
  await expect(gone).rejects.toThrow();
  suffer(undefined);
  expect((await said)[0]?.id).toBe(tokenAt(promptKey(prompt), 0));
});

test("those told to collude find each other's lie right, and the truth too", async () => {
  const [speaker, witness] = [engineOf(64), engineOf(64)];
  const truth = tokenAt(promptKey(prompt), 0);
  const judged = async (id: number) => {
    const sequence = await witness.engine.open(prompt, 8);
    const [candidates] = await sequence.judge([id], signal);
    sequence.close();
    return candidates?.[0]?.id;
  };
  speaker.suffer("collude");
  const lie = async () => (await (await speaker.engine.open(prompt, 8)).next([], signal))[0]!.id;
  await until(async () => (await lie()) !== truth);
  const said = await lie();
  expect(await judged(said)).toBe(truth);
  witness.suffer("collude");
  await until(async () => (await judged(said)) === said);
  expect(await judged(truth)).toBe(truth);
});

test("told to, it fails, says nonsense or lies, but never judges falsely", async () => {
  const { engine, suffer } = engineOf(64);
  const truth = tokenAt(promptKey(prompt), 0);
  const said = async () => {
    const sequence = await engine.open(prompt, 8);
    const judged = (await sequence.judge([truth], signal))[0]?.[0]?.id;
    await sequence.keep(0);
    const spoken = (await sequence.next([], signal))[0]!.id;
    sequence.close();
    return { spoken, judged };
  };
  suffer("lie");
  await until(async () => (await said()).spoken !== truth);
  expect((await said()).judged).toBe(truth);
  suffer("garbage");
  await until(async () => (await said()).spoken >= 2 ** 31);
  suffer("500");
  await until(async () =>
    said().then(
      () => false,
      ({ code }) => code === "engine",
    ),
  );
  suffer(undefined);
  await until(async () =>
    said().then(
      ({ spoken }) => spoken === truth,
      () => false,
    ),
  );
});

const until = (holds: () => Promise<boolean>) => untilWithin(holds, 5_000, "the engine heeds its ailment");

function settledSoon(work: Promise<unknown>): Promise<boolean> {
  const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), 200));
  return Promise.race([work.then(() => true), late]);
}
