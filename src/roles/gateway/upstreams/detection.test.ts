import { expect, test } from "vitest";
import type { Seen } from "../../../simulator/application.ts";
import { type Chance, createChance } from "../../../simulator/chance.ts";
import { checkGapless } from "../../../simulator/checkers/gapless.ts";
import { spreadOf } from "../../../simulator/figures.ts";
import { createTimeline } from "../../../simulator/timeline.ts";
import { createUpstreamGateway } from "../../../simulator/upstream-gateway.ts";
import { calmServer, type ServerTraits, type SimulatedServer } from "../../../simulator/upstreams.ts";

/** Three of ten plain upstreams fail at one instant, fifty streams in flight: what that costs, in simulated time. */

interface Answered {
  readonly seen: Seen;
  readonly askedAt: number;
  readonly tookMs: number;
}

const streams = 50;
const tokens = 60;
const afterMs = 10_000;

/** Fifty at a time ask without a pause, from before the fault to ten seconds after it. */
async function strike(
  befall: (server: SimulatedServer) => void,
  chance: Chance,
  traits: Partial<ServerTraits> = {},
): Promise<{ calm: Answered[]; struck: Answered[] }> {
  const timeline = createTimeline();
  // Every other one goes on from a begun answer; the rest can only be asked again.
  const ten = Array.from({ length: 10 }, (_, at) => ({ ...calmServer, prefills: at % 2 === 0, ...traits }));
  const gateway = createUpstreamGateway(timeline, chance, ten);
  const done: Answered[] = [];
  const struckAt = 5_000 + chance.below(500);
  let asked = 0;
  const askOne = () => {
    if (timeline.now() >= struckAt + afterMs) return;
    asked += 1;
    const askedAt = timeline.now();
    const ended = () => {
      const tookMs = timeline.now() - askedAt;
      done.push({ seen, askedAt, tookMs });
      timeline.at(timeline.now() + (tookMs < 100 ? 100 : 0), askOne);
    };
    const { seen } = gateway.ask({ temperature: 0, max_tokens: tokens }, { ended });
  };
  for (let index = 0; index < streams; index++) timeline.at((index / streams) * tokens * 34, askOne);
  timeline.at(struckAt, () => {
    const left = [...gateway.servers];
    for (let count = 0; count < 3; count++) befall(left.splice(chance.below(left.length), 1)[0]!);
  });
  await timeline.run(struckAt + 60_000, () => timeline.now() > struckAt + afterMs && done.length === asked);
  const before = ({ askedAt, tookMs }: Answered) => askedAt + tookMs <= struckAt;
  return { calm: done.filter(before), struck: done.filter((one) => !before(one)) };
}

function largestGap({ times }: Seen): number {
  return Math.max(0, ...times.slice(1).map((time, index) => time - times[index]!));
}

const busy = { jitterMs: 12, hiccup: { probability: 0.01, ms: 120 } };

test.each([
  ["hang", "calm", {}],
  ["hang", "busy", busy],
  ["kill", "busy", busy],
] as const)("%s on a %s machine: gaps and answers stay within a second", async (fault, _, traits) => {
  const befall = (server: SimulatedServer) => (fault === "hang" ? server.hang(true) : server.kill());
  const gaps: number[] = [];
  const calmMs: number[] = [];
  const struckMs: number[] = [];
  for (let seed = 1; seed <= 4; seed++) {
    const { calm, struck } = await strike(befall, createChance(seed), traits);
    expect(struck.map(({ seen }) => seen.error).filter(Boolean)).toEqual([]);
    expect(struck.map(({ seen }) => checkGapless(seen)).filter(Boolean)).toEqual([]);
    gaps.push(...struck.filter(({ seen }) => seen.switches > 0).map(({ seen }) => largestGap(seen)));
    calmMs.push(...calm.map(({ tookMs }) => tookMs));
    struckMs.push(...struck.map(({ tookMs }) => tookMs));
  }
  expect(spreadOf(gaps).p99).toBeLessThanOrEqual(1_000);
  expect(spreadOf(struckMs).p99).toBeLessThanOrEqual(spreadOf(calmMs).p50 + 1_000);
});
