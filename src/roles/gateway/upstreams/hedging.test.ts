import { expect, test } from "vitest";
import { limits } from "../../../protocol/limits.ts";
import type { Seen } from "../../../simulator/application.ts";
import { createChance } from "../../../simulator/chance.ts";
import { createTimeline } from "../../../simulator/timeline.ts";
import { createUpstreamGateway } from "../../../simulator/upstream-gateway.ts";
import { calmServer } from "../../../simulator/upstreams.ts";

/** Ten servers that all get slow: what is asked of them beyond what is needed, in simulated time. */

const answers = 200;
const slow = 18_000;
const oneWord = { temperature: 0, max_tokens: 1 };
const witnessed = { ...oneWord, holdfast: { witnesses: 1 } };

/** One request after the other, each half a second; words take `before` each until the hundredth, then `after`. */
async function crowd(before: number, after: number, request: Record<string, unknown>): Promise<Seen[]> {
  const timeline = createTimeline();
  const ten = Array.from({ length: 10 }, () => ({ ...calmServer, tokenMs: before }));
  const { ask } = createUpstreamGateway(timeline, createChance(3), ten);
  const seen: Seen[] = [];
  let ended = 0;
  const slowDown = () => {
    for (const server of ten) server.tokenMs = after;
  };
  timeline.at(50_000, slowDown);
  for (let at = 0; at < answers; at++) {
    timeline.at(at * 500, () => seen.push(ask(request, { ended: () => ended++ }).seen));
  }
  await timeline.run(900_000, () => ended === answers);
  return seen;
}

test.each([
  ["to begin", slow, slow, oneWord, 1],
  ["to begin, for witnessed answers", slow, slow, witnessed, 2],
  ["between words", slow, slow, { temperature: 0, max_tokens: 3 }, 1],
  ["half-way, as they were not before,", 30, 700, { temperature: 0, max_tokens: 40 }, 1],
])(
  "servers that are all slow %s are not asked again and again",
  async (_, before, after, request, needed) => {
    const seen = await crowd(before, after, request);
    expect(seen.map(({ error }) => error).filter(Boolean)).toEqual([]);
    const attempts = seen.reduce((sum, each) => sum + each.attempts, 0);
    const { perAnswer, most } = limits.hedges;
    expect(attempts).toBeLessThanOrEqual((needed + perAnswer) * answers + most);
  },
);
