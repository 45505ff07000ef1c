import { beforeEach, describe, expect, test } from "vitest";
import { limits } from "../../../protocol/limits.ts";
import { createChance } from "../../../simulator/chance.ts";
import { checkGapless } from "../../../simulator/checkers/gapless.ts";
import { createWorld, type World, type WorldOptions } from "../../../simulator/world.ts";

/** The network backend over simulated providers: what an application gets for what it asks. */

const options: WorldOptions = {
  ...{ nodes: 5, cheats: 0, faults: { delayMsMean: 2, refusal: 0 } },
  defaults: { finality: "stream", witnesses: 2, holdMs: 250 },
};
const messages = [{ role: "user", content: "tell me something" }];
let world: World;

beforeEach(async () => {
  world = await createWorld(createChance(7), options);
});

// biome-ignore lint/suspicious/noExplicitAny: a test looks wherever it likes into what came over the wire.
type Event = any;

async function ask(
  request: Record<string, unknown>,
): Promise<{ seen: Awaited<ReturnType<World["answered"]>>; events: Event[] }> {
  const { seen } = world.ask({ messages, temperature: 0, max_tokens: 24, ...request });
  await world.answered(seen);
  return { seen, events: seen.events as Event[] };
}

describe("an answer", () => {
  test("begins with who speaks and who witnesses, and ends with how it went", async () => {
    const { seen, events } = await ask({});
    expect(checkGapless(seen)).toBeUndefined();
    expect(events[0]).toMatchObject({
      ...{ object: "chat.completion.chunk", choices: [{ index: 0, delta: { role: "assistant" } }] },
      holdfast: { job: expect.stringMatching(/^[0-9a-f]{64}$/), executor: expect.stringMatching(/^16Uiu2/) },
    });
    expect(events[0].holdfast.witnesses).toHaveLength(2);
    expect(events.at(-1).holdfast).toMatchObject({
      ...{ job: events[0].holdfast.job, finality: "stream", verdict: "valid", basis: "fingerprint" },
      ...{ switches: 0, attempts: 1, acceptedShare: 1 },
    });
    expect(seen.done).toBe(true);
  });

  test("without streaming is one body with the same facts", async () => {
    const { seen, events } = await ask({ stream: false });
    expect(seen.status).toBe(200);
    expect(events[0]).toMatchObject({
      ...{ object: "chat.completion", model: "simulated", holdfast: { verdict: "valid", attempts: 1 } },
      choices: [{ index: 0, message: { role: "assistant" }, finish_reason: expect.any(String) }],
      usage: { completion_tokens: expect.any(Number), prompt_tokens: 3 },
    });
  });

  test("to a text prompt has the form of a completion", async () => {
    const { events } = await ask({ messages: undefined, prompt: "once upon a time" });
    expect(events[0]).toMatchObject({ object: "text_completion", choices: [{ text: expect.any(String) }] });
  });

  test("is the same again for the same seed, and another for another", async () => {
    const texts: string[] = [];
    for (const seed of [42, 42, 43]) texts.push((await ask({ seed, temperature: 1 })).seen.text);
    expect(texts[0]!.slice(0, 20)).toBe(texts[1]!.slice(0, 20));
    expect(texts[2]).not.toBe(texts[0]);
  });

  test("has as many choices as asked for, each gapless, with usage at the very end when wanted", async () => {
    const { events } = await ask({ n: 3, stream_options: { include_usage: true }, temperature: 1 });
    for (const index of [0, 1, 2]) {
      const own = events.filter(({ choices }) => choices[0]?.index === index);
      const text = own.map(({ choices }) => choices[0].delta.content ?? "").join("");
      expect(checkGapless({ text } as never)).toBeUndefined();
      expect(own.at(-1).choices[0].finish_reason).toMatch(/stop|length/);
    }
    expect(events.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 3 } });
  });

  test("stops before a stop string and lets everybody go", async () => {
    // The sixth word begins so, whoever speaks and however close its choice of a token was.
    const { seen } = await ask({ stop: "5:" });
    expect(seen.text).toMatch(/^0:\d+ 1:\d+ 2:\d+ 3:\d+ 4:\d+ $/);
    expect(seen).toMatchObject({ finish: "stop", verdict: "valid" });
  });

  test("that nobody watches and a stop string ends is sealed like any other", async () => {
    const { seen, events } = await ask({ stop: "5:", holdfast: { finality: "none" } });
    expect(seen).toMatchObject({ finish: "stop", verdict: "inconclusive" });
    expect(events.at(-1).holdfast.receipt).toMatch(/^\/v1\/receipts\//);
  });

  test("with fewer witnesses than wanted says which there were", async () => {
    world = await createWorld(createChance(7), { ...options, nodes: 2 });
    const { events } = await ask({});
    expect(events[0].holdfast.witnesses).toHaveLength(1);
    expect(events.at(-1).holdfast).toMatchObject({ verdict: "valid", witnesses: [expect.any(String)] });
  });

  test("from a lone node is delivered, and called inconclusive", async () => {
    world = await createWorld(createChance(7), { ...options, nodes: 1 });
    const { seen, events } = await ask({});
    expect(seen).toMatchObject({ verdict: "inconclusive", error: undefined });
    expect(events.at(-1).holdfast.basis).toBe("none");
  });

  test('with finality "none" has no witnesses, and with "final" comes only when all of it was accepted', async () => {
    const none = await ask({ holdfast: { finality: "none" } });
    expect(none.events[0].holdfast.witnesses).toEqual([]);
    const final = await ask({ holdfast: { finality: "final" } });
    expect(new Set(final.seen.times).size, "all at one instant").toBe(1);
    expect(final.events.at(-1).holdfast).toMatchObject({
      finality: "final",
      verdict: "valid",
      acceptedShare: 1,
    });
  });
});

describe("a refusal", () => {
  test.each([
    ["an unknown model", { model: "nobody" }, 404, "model"],
    [
      "a form that no provider can keep",
      { response_format: { type: "json_object" } },
      400,
      "response_format",
    ],
    ["tools", { tools: [{ type: "function" }] }, 400, "tools"],
    ["a temperature beyond 2", { temperature: 3 }, 400, "temperature"],
    ["no messages", { messages: [] }, 400, "messages"],
    ["a message without role", { messages: [{ content: "x" }] }, 400, "messages[0].role"],
    ["too many choices", { n: 100 }, 400, "n"],
    ["an answer beyond the window", { max_tokens: 5000 }, 400, "max_tokens"],
    ["a prompt beyond the window", { prompt: "so ".repeat(5000), messages: undefined }, 400, "prompt"],
    ["final without witnesses", { holdfast: { finality: "final", witnesses: 0 } }, 400, "holdfast.witnesses"],
  ])("of %s names the parameter", async (_, request, status, param) => {
    const { seen, events } = await ask(request);
    expect(seen.status).toBe(status);
    expect(events[0].error).toMatchObject({ param, message: expect.any(String) });
  });

  test("ignores what changes nothing about the answer", async () => {
    const { seen } = await ask({
      user: "u",
      metadata: { a: "b" },
      store: false,
      frequency_penalty: 0,
      tools: [],
    });
    expect(seen.error).toBeUndefined();
  });

  test("comes as 503 when every node is gone", async () => {
    for (const { peer } of world.nodes) world.network.kill(peer);
    const { seen } = await ask({});
    expect(seen).toMatchObject({ status: 503, error: { code: "no_providers" } });
  });
});

describe("a refusal says what to do instead", () => {
  test("of an unknown model, which are closest to it", async () => {
    const { events } = await ask({ model: "simulatd" });
    expect(events[0].error.message).toContain('Closest to it: "simulated".');
  });

  test("while nobody is known yet, that it is worth asking again", async () => {
    world = await createWorld(createChance(7), { ...options, nodes: 0 });
    const { seen } = await ask({});
    expect(seen).toMatchObject({ status: 503, error: { code: "no_providers" } });
  });

  test("of a prompt or an answer too long, how much the model holds", async () => {
    const [answer, prompt, absurd] = [
      { max_tokens: 4096 },
      { messages: [{ role: "user", content: "so ".repeat(5000) }] },
      { messages: [{ role: "user", content: "x".repeat(4096 * limits.tokenLengthMax + 1) }] },
    ];
    for (const request of [answer, prompt, absurd]) {
      const { events } = await ask(request);
      expect(events[0].error).toMatchObject({ status: 400, code: "context_length_exceeded" });
      expect(events[0].error.message).toContain("the 4096 tokens of simulated: shorten the prompt");
    }
  });
});

test("a conversation that goes on is mostly answered by who has read it, while others are as idle", async () => {
  world = await createWorld(createChance(7), { ...options, nodes: 40 });
  let again = 0;
  for (let turn = 0; turn < 20; turn++) {
    const question = { role: "user", content: `${turn}${"x".repeat(5_000)}` };
    const { seen } = await ask({ messages: [question] });
    const readers = [seen.cast!.executor, ...seen.cast!.witnesses];
    const later = world.timeline.now() + 6_000;
    world.timeline.at(later, () => {});
    await world.timeline.run(later, () => false);
    const answer = { role: "assistant", content: seen.text };
    const next = await ask({ messages: [question, answer, { role: "user", content: "go on" }] });
    if (readers.includes(next.seen.cast!.executor)) again += 1;
  }
  expect(again).toBeGreaterThan(14);
});

describe("more requests than seats", () => {
  const seats = 2;

  beforeEach(async () => {
    world = await createWorld(createChance(7), { ...options, nodes: 3, slots: seats });
  });

  const askAs = (user: string, body: Record<string, unknown> = {}) =>
    world.ask({ messages, temperature: 0, max_tokens: 24, user, ...body }).seen;

  test("wait their turn, and all are answered and witnessed", async () => {
    const asked = Array.from({ length: 12 }, () => askAs("a"));
    for (const seen of asked) await world.answered(seen);
    expect(asked.map(({ verdict, error }) => error?.code ?? verdict)).toEqual(asked.map(() => "valid"));
  });

  test("end in an answer or a 429, thirty times too many, and no seat is idle meanwhile", async () => {
    await world.answered(askAs("a"));
    const begun = world.timeline.now();
    const asked = Array.from({ length: 30 * seats }, () => askAs("a", { max_tokens: 400 }));
    for (const seen of asked) await world.answered(seen);
    const refused = asked.filter(({ status }) => status === 429);
    const answered = asked.filter(({ verdict }) => verdict === "valid");
    expect(refused.length).toBeGreaterThan(0);
    expect(answered.length + refused.length).toBe(asked.length);
    const spoken = answered.reduce((sum, { times }) => sum + times.at(-1)! - times[0]!, 0);
    const last = Math.max(...answered.map(({ times }) => times.at(-1)!));
    expect(spoken / seats / (last - begun), "share of the time in which seats were speaking").toBeGreaterThan(
      0.8,
    );
    for (const { events } of refused as Array<{ events: Event[] }>) {
      expect(events[0].error.message).toContain(`about ${events[0].error.retryAfter} s.`);
    }
  });

  test("lose no answer when a third of the seats is lost, only time", async () => {
    world = await createWorld(createChance(7), { ...options, nodes: 6, slots: seats });
    const asked = Array.from({ length: 60 }, (_, at) => askAs(`user ${at % 5}`));
    await world.timeline.run(world.timeline.now() + 1_000, () => false);
    for (const node of world.nodes.slice(0, 2)) node.kill();
    for (const seen of asked) await world.answered(seen);
    const ends = asked.map(({ error, verdict }) => error?.code ?? verdict);
    expect(ends.filter((end) => end !== "valid" && end !== "busy")).toEqual([]);
    expect(ends.filter((end) => end === "valid").length).toBeGreaterThan(30);
  });

  test("of one client delay another's single one by no more than the answers under way", async () => {
    const crowd = Array.from({ length: 500 }, () => askAs("crowd"));
    await world.timeline.run(world.timeline.now() + 50, () => false);
    const single = askAs("single");
    await world.answered(single);
    expect(single.verdict).toBe("valid");
    expect(crowd.filter(({ verdict }) => verdict === "valid").length).toBeLessThan(3 * seats);
  });
});

test("a gateway that goes down tells everybody who waits or is being answered, and forgets them", async () => {
  world = await createWorld(createChance(7), { ...options, nodes: 3, slots: 1 });
  const asked = [1, 2, 3].map(() => world.ask({ messages, temperature: 0, max_tokens: 400 }).seen);
  await world.timeline.run(world.timeline.now() + 5_000, () => asked[0]!.times.length > 3);
  await world.gateway.close();
  expect(asked.map(({ error, done, ends }) => [error?.code, done, ends])).toEqual(
    asked.map(() => ["gateway_closing", false, 1]),
  );
  expect(asked.map(({ text }) => text !== "")).toEqual([true, false, false]);
  expect(world.gateway.status()).toMatchObject({ running: 0, queue: [{ waiting: 0, running: 0 }] });
});

describe("a clock that is set by an hour", () => {
  const minute = 60_000;
  const answers = async () => (await ask({})).seen.verdict;
  const providers = () => (world.gateway.status()["providers"] as unknown[]).length;

  test.each([60 * minute, -60 * minute])(
    "(%i ms) at the gateway or a provider loses nobody",
    async (jump) => {
      world.gateways[0]!.clock().step(jump);
      world.nodes[0]!.clock().step(jump);
      for (let time = 0; time < 5; time++) {
        await world.timeline.run(world.timeline.now() + minute, () => false);
        expect(providers()).toBe(options.nodes);
        expect(await answers()).toBe("valid");
      }
    },
  );

  test.each([60 * minute, -60 * minute])("(%i ms) at the gateway keeps nobody who is gone", async (jump) => {
    const [gone] = world.nodes;
    gone!.kill();
    world.gateways[0]!.clock().step(jump);
    await world.timeline.run(world.timeline.now() + 2 * minute, () => false);
    expect(providers()).toBe(options.nodes - 1);
    expect(await answers()).toBe("valid");
  });
});

test("when the application hangs up, every provider stops within a second", async () => {
  const { seen, hangUp } = world.ask({ messages, temperature: 0, max_tokens: 1000 });
  await world.timeline.run(world.timeline.now() + 500, () => seen.times.length > 3);
  hangUp();
  await world.timeline.run(world.timeline.now() + 1_000, () => false);
  expect(world.nodes.map(({ engine }) => engine.taken())).toEqual(world.nodes.map(() => 0));
  expect(world.gateway.status()).toMatchObject({ running: 0 });
});
