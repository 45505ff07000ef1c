import { expect, test } from "vitest";
import { limits } from "../../../protocol/limits.ts";
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

interface Strike {
  readonly traits?: Partial<ServerTraits>;
  readonly victims?: number;
  /** They stand still for so long only. */
  readonly pauseMs?: number;
}

/** Fifty at a time ask without a pause, from before the fault to ten seconds after it. */
async function strike(
  befall: (server: SimulatedServer) => void,
  chance: Chance,
  { traits, victims = 3, pauseMs }: Strike,
): Promise<{ calm: Answered[]; struck: Answered[]; hedges: number }> {
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
    for (let count = 0; count < victims; count++) befall(left.splice(chance.below(left.length), 1)[0]!);
    const heal = () => {
      for (const server of gateway.servers) server.hang(false);
    };
    if (pauseMs !== undefined) timeline.at(struckAt + pauseMs, heal);
  });
  await timeline.run(struckAt + 60_000, () => timeline.now() > struckAt + afterMs && done.length === asked);
  const before = ({ askedAt, tookMs }: Answered) => askedAt + tookMs <= struckAt;
  const struck = done.filter((one) => !before(one));
  return { calm: done.filter(before), struck, hedges: gateway.hedges() };
}

function largestGap({ times }: Seen): number {
  return Math.max(0, ...times.slice(1).map((time, index) => time - times[index]!));
}

const hung = (server: SimulatedServer) => server.hang(true);
const killed = (server: SimulatedServer) => server.kill();
const busy = { jitterMs: 12, hiccup: { probability: 0.01, ms: 120 } };

test.each([
  ["hang", "calm", hung, {}],
  ["hang", "busy", hung, busy],
  ["kill", "busy", killed, busy],
] as const)("%s on a %s machine: gaps and answers stay within a second", async (_, __, befall, traits) => {
  const gaps: number[] = [];
  const calmMs: number[] = [];
  const struckMs: number[] = [];
  let hedges = 0;
  for (let seed = 1; seed <= 3; seed++) {
    const seen = await strike(befall, createChance(seed), { traits });
    expect(seen.struck.map((one) => one.seen.error).filter(Boolean)).toEqual([]);
    expect(seen.struck.map((one) => checkGapless(one.seen)).filter(Boolean)).toEqual([]);
    gaps.push(...seen.struck.filter((one) => one.seen.switches > 0).map((one) => largestGap(one.seen)));
    calmMs.push(...seen.calm.map(({ tookMs }) => tookMs));
    struckMs.push(...seen.struck.map(({ tookMs }) => tookMs));
    hedges += seen.hedges;
  }
  expect(spreadOf(gaps).p99).toBeLessThanOrEqual(1_000);
  expect(spreadOf(struckMs).p99).toBeLessThanOrEqual(spreadOf(calmMs).p50 + 1_000);
  expect(hedges).toBeLessThanOrEqual(0.3 * (calmMs.length + struckMs.length));
});

test("when all of them stand still for a while, few are asked in vain, and every answer goes on", async () => {
  const { struck, hedges } = await strike(hung, createChance(1), { victims: 10, pauseMs: 3_000 });
  expect(struck.map(({ seen }) => seen.error).filter(Boolean)).toEqual([]);
  expect(struck.map(({ seen }) => checkGapless(seen)).filter(Boolean)).toEqual([]);
  expect(hedges).toBeLessThanOrEqual(limits.hedges.most + 0.3 * struck.length);
});
