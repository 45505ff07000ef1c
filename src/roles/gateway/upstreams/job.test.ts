import { expect, test } from "vitest";
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
