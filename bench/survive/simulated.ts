import { outageMs } from "../../src/commands/chaos/blackout.ts";
import { faults as realFaults } from "../../src/commands/chaos/fault.ts";
import { seatedShare } from "../../src/commands/chaos/judging.ts";
import { isLie } from "../../src/commands/chaos/options.ts";
import { limits } from "../../src/protocol/limits.ts";
import { type Answered, type Audience, createAudience } from "../../src/simulator/audience.ts";
import { drawSome } from "../../src/simulator/chance.ts";
import { faults } from "../../src/simulator/faults/catalogue.ts";
import { heal } from "../../src/simulator/faults/heal.ts";
import { aliveAfter, aliveAt } from "../../src/simulator/figures.ts";
import { recoveryOf } from "../../src/simulator/recovery.ts";
import { createWorld, type World } from "../../src/simulator/world.ts";
import { deadlineMs } from "./own-nodes.ts";
import type { Contender, Stage, StageOptions } from "./stage.ts";
import { type Ends, emptyTally, noEnds, type Tally, timesOf } from "./tally.ts";

/** Engines read so many times faster than they speak: as the synthetic engine does. */
const readingSpeedup = 32;
/** One way on one machine with the processes' own delays, mean, ms. */
const delayMsMean = 2;
/**
 * Until a dead process's connections end, mean, ms. Measured apart from the runs that this is compared with: of 36 processes
 * of Node that held 120 MB, killed three at once on two shared cores, half had closed theirs after 55 ms, the last after
 * 165; the mean was 66.
 */
export const deathMsMean = 66;
/** As many as the real nodes say they have. */
const slots = 64;

/** The same ten nodes in the simulator, at the same paces and under the same load: what it predicts of `holdfast-nodes`. */
export const simulatedNodes: Contender = {
  name: "simulated-nodes",
  setting: `the simulator with ten nodes at the paces of holdfast-nodes, one gateway, two witnesses, ${delayMsMean} ms (mean, exponential) each way, ${deathMsMean} ms until a dead process's connections end; answers of up to 60 tokens that end by chance; cut is its reset, since both break what is under way`,
  faults: realFaults,
  stage: stageOf,
};

async function stageOf({ size, fault, load, chance }: StageOptions): Promise<Stage> {
  const { streams, tokens, tokenMs } = load;
  const holdMs = isLie(fault) ? limits.holdMsMax : limits.holdMsDefault;
  const world = await createWorld(chance.child("world"), {
    ...{ nodes: size, cheats: 0, slots, faults: { delayMsMean, refusal: 0, deathMsMean } },
    defaults: { finality: "stream", witnesses: limits.witnessesDefault, holdMs },
    pace: { stepMs: tokenMs, judgeMsPerToken: tokenMs / readingSpeedup },
  });
  const audience = createAudience(world, chance.child("audience"), { tokens });
  const strike = faults[fault === "cut" ? "reset" : fault]!;
  const perSecond = streams / ((tokens * tokenMs) / 1000);
  // By the clock, as chaos asks; left to chance, the rate would differ more from one second to the next than by a fault.
  const ask = () => {
    audience.ask({ count: 1, perSecond, retries: 0 }, () => {});
    world.timeline.at(world.timeline.now() + 1000 / perSecond, ask);
  };
  ask();
  await passMs(world, 2 * tokens * tokenMs);
  return {
    async blackout(failing, drawn) {
      const { timeline } = world;
      const calmFrom = timeline.now();
      await passMs(world, 3_000 + drawn.below(2_000));
      const victims = drawSome(world.nodes, failing, drawn);
      const at = timeline.now();
      audience.struck(new Set(victims));
      for (const victim of victims) strike(world, victim);
      await passMs(world, outageMs);
      for (const victim of victims) heal(world, victim);
      const healedAt = timeline.now();
      const returned = new Map<string, number>();
      const { attempts } = world.network;
      const before = new Map(victims.map(({ peer }) => [peer, attempts.of(peer)]));
      await timeline.run(healedAt + 10_000, () => {
        for (const { peer } of victims)
          if (!returned.has(peer) && attempts.of(peer) > before.get(peer)!)
            returned.set(peer, timeline.now() - healedAt);
        return returned.size === victims.length;
      });
      const areOver = () => {
        const [oldest] = audience.underWay;
        return oldest === undefined || oldest.askedAt > at + outageMs;
      };
      await timeline.run(Math.max(timeline.now(), at + outageMs + deadlineMs), areOver);
      return tallyOf(audience, {
        ...{ calmFrom, at, returnsMs: [...returned.values()] },
        never: victims.length - returned.size,
        capacity: seatedShare(streams, (size - failing) * slots),
      });
    },
    close: async () => {},
  };
}

function passMs({ timeline }: World, ms: number): Promise<void> {
  return timeline.run(timeline.now() + ms, () => false);
}

interface Course {
  readonly calmFrom: number;
  readonly at: number;
  readonly returnsMs: readonly number[];
  readonly never: number;
  readonly capacity: number;
}

function tallyOf(audience: Audience, { calmFrom, at, returnsMs, never, capacity }: Course): Tally {
  const { answered } = audience;
  const inFlight = aliveAt(answered, at);
  const alive = aliveAfter(answered, at);
  const healthy = answered.filter(({ askedAt, endedAt }) => askedAt >= calmFrom && endedAt < at);
  const whole = (ones: readonly Answered[]) => ones.filter(({ end }) => end === "succeeded");
  const latencies = (ones: readonly Answered[]) =>
    timesOf(whole(ones).map(({ askedAt, endedAt }) => endedAt - askedAt));
  const gaps = (kind: Answered["struck"]) =>
    timesOf(inFlight.flatMap(({ struck, gapMs }) => (struck === kind && gapMs > 0 ? [gapMs] : [])));
  // Whoever had lost patience before the instant was not alive then.
  const waiting = (isMeant: (askedAt: number) => boolean) =>
    [...audience.underWay].filter(({ askedAt }) => askedAt > at - deadlineMs && isMeant(askedAt)).length;
  const recovery = recoveryOf(audience.said, at, capacity);
  return {
    ...emptyTally,
    inFlight: endsOf(
      inFlight,
      waiting((askedAt) => askedAt < at),
    ),
    after: endsOf(
      alive.filter((one) => !inFlight.includes(one)),
      waiting((askedAt) => askedAt >= at && askedAt <= at + outageMs),
    ),
    ...{ healthyMs: latencies(healthy), latencyMs: latencies(alive) },
    ...{ warmGapMs: gaps("warm"), coldGapMs: gaps("cold") },
    recoveryMs: timesOf(recovery === undefined ? [] : [recovery]),
    neverRecovered: recovery === undefined ? 1 : 0,
    ...{ returnMs: timesOf(returnsMs), neverReturned: never, blackouts: 1 },
  };
}

/** `waiting`: how many have no end at all. */
function endsOf(answers: readonly Answered[], waiting: number): Ends {
  const ends = { ...noEnds, withdrawn: 0, timeout: waiting };
  for (const answer of answers) ends[endOf(answer)] += 1;
  return ends;
}

function endOf({ askedAt, endedAt, end, violation, withdrawn }: Answered): keyof Ends {
  if (endedAt - askedAt > deadlineMs) return "timeout";
  if (end === "succeeded") return "whole";
  if (violation === undefined) return "error";
  return withdrawn ? "withdrawn" : "silent";
}
