import { expect, test } from "vitest";
import { createChance } from "../../../simulator/chance.ts";
import { createTimeline } from "../../../simulator/timeline.ts";
import { createUpstreamGateway } from "../../../simulator/upstream-gateway.ts";
import { calmServer } from "../../../simulator/upstreams.ts";

test("a model that an upstream has taken up is known a minute later, though nobody asks for the list", async () => {
  const timeline = createTimeline();
  const models = ["simulated"];
  const traits = [calmServer, { ...calmServer, models }];
  const { ask } = createUpstreamGateway(timeline, createChance(1), traits);
  const asked = (model: string) => ask({ model, max_tokens: 5 }, { ended: () => {} }).seen;
  timeline.at(50_000, () => models.push("later"));
  timeline.at(70_000, () => asked("simulated"));
  await timeline.run(71_000, () => false);
  const seen = Array.from({ length: 4 }, () => asked("later"));
  await timeline.run(75_000, () => false);
  expect(seen.map(({ finish, attempts }) => ({ finish, attempts }))).toEqual(
    seen.map(() => ({ finish: "stop", attempts: 1 })),
  );
});

test("a name that no list holds is asked of the others when one says that it lacks it", async () => {
  for (const witnesses of [0, 1]) {
    const timeline = createTimeline();
    const lists = ["simulated"];
    const having = { ...calmServer, models: lists };
    const { ask } = createUpstreamGateway(timeline, createChance(1), [
      calmServer,
      calmServer,
      having,
      having,
    ]);
    // Lists are read no more often than once a minute.
    timeline.at(1_000, () => lists.push("alias"));
    await timeline.run(2_000, () => false);
    const request = { model: "alias", max_tokens: 5, temperature: 0, holdfast: { witnesses } };
    const seen = Array.from({ length: 4 }, () => ask(request, { ended: () => {} }).seen);
    await timeline.run(10_000, () => false);
    expect(seen.map(({ finish, error }) => error ?? finish)).toEqual(seen.map(() => "stop"));
  }
});
