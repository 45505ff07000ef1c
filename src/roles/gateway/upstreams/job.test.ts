import { expect, test } from "vitest";
import { limits } from "../../../protocol/limits.ts";
import { createChance } from "../../../simulator/chance.ts";
import { createTimeline } from "../../../simulator/timeline.ts";
import { createUpstreamGateway } from "../../../simulator/upstream-gateway.ts";
import { calmServer } from "../../../simulator/upstreams.ts";

/** The last events of an answer of twenty tokens, whose speaker is lost on the way where that is wanted. */
async function endOf({ lost, prefills }: { readonly lost: boolean; readonly prefills: boolean }) {
  const timeline = createTimeline();
  const traits = { ...calmServer, prefills };
  const { servers, ask } = createUpstreamGateway(timeline, createChance(2), [traits, traits]);
  const request = { temperature: 0, max_tokens: 20, stream_options: { include_usage: true } };
  const { seen } = ask(request, { events: true, ended: () => timeline.stop() });
  const kill = () => servers.find((server) => server.working() > 0)?.kill();
  if (lost) timeline.at(400, kill);
  await timeline.run(10_000, () => false);
  const usage = seen.events.find((event) => event["usage"] !== undefined)?.["usage"];
  const end = seen.events.at(-2)?.["holdfast"];
  return { usage, end, switches: seen.switches };
}

const usage = { prompt_tokens: 3, completion_tokens: 20, total_tokens: 23 };

test("what a successor was given of an answer is counted to the answer, and said to be estimated", async () => {
  const seen = await endOf({ lost: true, prefills: true });
  expect(seen).toMatchObject({ usage, switches: 1, end: { usage: "estimated" } });
});

test.each([
  ["nobody took over", { lost: false, prefills: true }],
  ["a successor said all of it again", { lost: true, prefills: false }],
])("usage is passed on as it came when %s", async (_, faults) => {
  const seen = await endOf(faults);
  expect(seen).toMatchObject({ usage, switches: faults.lost ? 1 : 0 });
  expect(seen.end).not.toHaveProperty("usage");
});

/** When a stream of two servers that fall silent after half a second ends, and how; its time is five seconds. */
async function endOfHung(request: { max_tokens: number }, hungMs: number) {
  const timeline = createTimeline();
  const traits = [calmServer, calmServer];
  const { servers, ask } = createUpstreamGateway(timeline, createChance(2), traits, { deadlineMs: 5_000 });
  for (const [at, hung] of [[500, true] as const, [500 + hungMs, false] as const]) {
    for (const server of servers) timeline.at(at, () => server.hang(hung));
  }
  const { seen } = ask({ temperature: 0, ...request }, { ended: () => timeline.stop() });
  await timeline.run(900_000, () => false);
  return { seen, tookMs: timeline.now() };
}

test("a begun stream that nobody goes on with beyond its deadline ends in an error that names them", async () => {
  const { seen, tookMs } = await endOfHung({ max_tokens: 60 }, 800_000);
  expect(seen).toMatchObject({ done: false, ends: 1, error: { code: "answer_interrupted" } });
  expect(seen.error?.message).toMatch(/its time is over.*server-\d\S* silent .*server-\d\S* silent /);
  expect(tookMs).toBeLessThan(5_000 + limits.silenceMsMax + 1_000);
});

test("a stream that goes on is not cut by its deadline, nor is a short silence after it", async () => {
  const { seen, tookMs } = await endOfHung({ max_tokens: 600 }, 8_000);
  expect(seen).toMatchObject({ finish: "stop", done: true, error: undefined });
  expect(tookMs).toBeGreaterThan(20_000);
});
