import { expect, test } from "vitest";
import { limits } from "../../protocol/limits.ts";
import { createApplication, type Seen } from "../../simulator/application.ts";
import { createChance } from "../../simulator/chance.ts";
import { createTimeline } from "../../simulator/timeline.ts";
import { createUpstreamGateway } from "../../simulator/upstream-gateway.ts";
import { calmServer } from "../../simulator/upstreams.ts";
import { createWorld, type World } from "../../simulator/world.ts";
import { withFallbacks } from "./fallback.ts";

/** Models in place of others, simulated; over real plain upstreams: test/real/fallback.test.ts. */

const messages = [{ role: "user", content: "tell me something" }];

async function ask(world: World, models: readonly string[]): Promise<Seen> {
  const { timeline, gateway, gateways } = world;
  const { seen, reply } = createApplication(timeline.now, { events: true, ended: () => {} });
  const [model = "", ...others] = models;
  const body = { model, messages, stream: true, temperature: 0, max_tokens: 24 };
  withFallbacks({ clock: gateways[0]!.clock() }, gateway, { configured: ["simulated"] }).answer({
    ...{ endpoint: "chat/completions", requestId: "r", body, raw: JSON.stringify(body), headers: {}, reply },
    ...(others.length > 0 && { others }),
  });
  return world.answered(seen);
}

const smallWorld = () =>
  createWorld(createChance(7), {
    ...{ nodes: 3, cheats: 0, faults: { delayMsMean: 2, refusal: 0 } },
    defaults: { finality: "stream", witnesses: 1, holdMs: 250 },
  });

test("a model that nobody offers is replaced by the next, asked for or configured, and the answer says so", async () => {
  const world = await smallWorld();
  for (const models of [["unknown", "simulated"], ["configured"]]) {
    const { events, verdict } = await ask(world, models);
    expect(verdict).toBe("valid");
    expect(events[0]).toMatchObject({
      model: "simulated",
      holdfast: { model: "simulated", insteadOf: [models[0]] },
    });
    expect(events.at(-1)).toMatchObject({ holdfast: { model: "simulated", insteadOf: [models[0]] } });
  }
});

test("when all who serve any of them are lost, the refusal tells of each model", async () => {
  const world = await smallWorld();
  for (const node of world.nodes) node.kill();
  const { status, error } = await ask(world, ["simulated", "unknown"]);
  expect({ status, code: error?.code }).toEqual({ status: 503, code: "no_providers" });
  expect(error?.message).toMatch(/"simulated": .* "unknown": The model "unknown" is not known/);
});

test("a model that is served is the one that answers, and nothing is said of others", async () => {
  const { events } = await ask(await smallWorld(), ["simulated", "unknown"]);
  expect(events[0]).toMatchObject({ holdfast: { model: "simulated" } });
  expect(events[0]).not.toHaveProperty("holdfast.insteadOf");
});

/** One request for a model whose two upstreams hang from the first second to the last one given. */
async function askOfHanging(
  given: { others?: string[]; untilMs: number; witnesses?: number; stream?: boolean },
  options: { deadlineMs?: number } = {},
) {
  const { others = [], untilMs, witnesses = 0, stream = true } = given;
  const timeline = createTimeline();
  const models = [["first"], ["first"], ["second"], ["second"]];
  const traits = models.map((each) => ({ ...calmServer, models: each }));
  const { servers, ask: askUpstreams } = createUpstreamGateway(timeline, createChance(1), traits, options);
  await timeline.run(1_000, () => false);
  for (const server of servers.slice(0, 2)) {
    server.hang(true);
    timeline.at(untilMs, () => server.hang(false));
  }
  const request = { model: "first", max_tokens: 5, temperature: 0, stream, holdfast: { witnesses } };
  const { seen } = askUpstreams(request, { others, ended: () => timeline.stop() });
  await timeline.run(900_000, () => false);
  return { seen, tookMs: timeline.now() - 1_000 };
}

test.each([0, 1])(
  "a model whose upstreams all hang leaves the next one time to answer in its place, with %i witnesses",
  async (witnesses) => {
    const { seen, tookMs } = await askOfHanging({ others: ["second"], untilMs: 800_000, witnesses });
    expect(seen).toMatchObject({
      finish: "stop",
      error: undefined,
      text: "0:word 1:word 2:word 3:word 4:word",
    });
    expect(tookMs).toBeLessThan(limits.stallMsMax + 10_000);
  },
);

const short = [10_000, 20_000, 40_000].flatMap((deadlineMs) =>
  [true, false].map((stream) => ({ deadlineMs, stream })),
);

test.each(short)(
  "of a short time too ($deadlineMs ms, stream: $stream) the next one gets half",
  async (given) => {
    const { deadlineMs, stream } = given;
    const asked = { others: ["second"], untilMs: 800_000, stream };
    const { seen, tookMs } = await askOfHanging(asked, { deadlineMs });
    expect(seen.error).toBeUndefined();
    expect(tookMs).toBeLessThan(deadlineMs / 2 + 1_000);
  },
);

test("a model that is late without another to take its place is told of with every cause", async () => {
  const { seen } = await askOfHanging({ others: ["third"], untilMs: 12_000 }, { deadlineMs: 20_000 });
  expect(seen.error?.code).toBe("upstreams_failed");
  expect(seen.error?.message).toMatch(/"first": .*server-1\/v1 silent .*server-0\/v1 silent .*"third": /);
});

test("a model that none stands in for has all the time there is", async () => {
  const { seen } = await askOfHanging({ untilMs: 400_000 });
  expect(seen).toMatchObject({ finish: "stop", error: undefined });
});
