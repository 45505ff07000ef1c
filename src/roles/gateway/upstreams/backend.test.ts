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
