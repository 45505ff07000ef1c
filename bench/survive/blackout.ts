import { setTimeout as pause } from "node:timers/promises";
import { largestGap } from "../../src/commands/chaos/aftermath.ts";
import type { Chance } from "../../src/simulator/chance.ts";
import type { Running } from "./contenders.ts";
import type { Rig, UpstreamFault } from "./faults.ts";
import type { Outcome } from "./outcome.ts";
import type { Load } from "./stage.ts";
import { type Ends, emptyTally, noEnds, type Tally, timesOf } from "./tally.ts";

interface Asked {
  readonly at: number;
  outcome: Outcome | undefined;
  endedAt: number;
}

/**
 * One blackout: streams are kept in flight, some upstreams fail at one instant, and every request that was open then
 * or began in the time after it is counted, to its end.
 */
export async function blackout(
  running: Running,
  rig: Rig,
  { fault, failing, load, chance }: { fault: UpstreamFault; failing: number; load: Load; chance: Chance },
): Promise<Tally> {
  const asked: Asked[] = [];
  let open = true;
  const worker = async (index: number) => {
    // Not all at once, or all would be at the same word when the fault comes.
    await pause((index / load.streams) * load.tokens * load.tokenMs);
    while (open) {
      const one: Asked = { at: performance.now(), outcome: undefined, endedAt: Number.POSITIVE_INFINITY };
      asked.push(one);
      const number = chance.below(1_000_000);
      one.outcome = await running.ask({ number, tokens: load.tokens, stream: true, timeoutMs });
      one.endedAt = performance.now();
      // Who is refused at once comes back, but not in a storm.
      if (one.endedAt - one.at < 100) await pause(100);
    }
  };
  const workers = Array.from({ length: load.streams }, (_, index) => worker(index));
  await pause(load.tokens * load.tokenMs + load.beforeMs + chance.below(500));
  const victims = drawn(rig.upstreams.length, failing, chance);
  const at = performance.now();
  rig.hurt(victims, fault);
  await pause(load.afterMs);
  const until = performance.now();
  open = false;
  await Promise.all(workers);
  await rig.heal(victims, fault);
  await pause(load.settleMs);
  return tallyOf(asked, rig, { at, until, tokenMs: load.tokenMs });
}

/** A client's patience with one answer, ms. */
const timeoutMs = 20_000;

function drawn(count: number, failing: number, chance: Chance): number[] {
  const left = Array.from({ length: count }, (_, index) => index);
  return Array.from({ length: failing }, () => left.splice(chance.below(left.length), 1)[0]!);
}

function tallyOf(
  asked: readonly Asked[],
  rig: Rig,
  { at, until, tokenMs }: { at: number; until: number; tokenMs: number },
): Tally {
  const healthy = asked.filter((one) => one.endedAt <= at);
  const inFlight = asked.filter((one) => one.at <= at && one.endedAt > at);
  const after = asked.filter((one) => one.at > at && one.at <= until);
  const outcomes = (ones: readonly Asked[]) => ones.flatMap(({ outcome }) => outcome ?? []);
  const whole = (ones: readonly Asked[]) => outcomes(ones).filter(({ end }) => end === "whole");
  const switched = whole([...inFlight, ...after]).filter(({ speakers }) => speakers.length === 2);
  const prefilled = switched.filter(({ speakers }) => rig.prefills(speakers[1]!.name));
  const replayed = switched.filter(({ speakers }) => !rig.prefills(speakers[1]!.name));
  const latency = ({ latencyMs }: Outcome) => latencyMs;
  const gap = (outcome: Outcome) => largestGap(outcome, Number.NEGATIVE_INFINITY) ?? 0;
  return {
    ...emptyTally,
    inFlight: endsOf(outcomes(inFlight)),
    after: endsOf(outcomes(after)),
    healthyMs: timesOf(whole(healthy).map(latency)),
    latencyMs: timesOf(whole([...inFlight, ...after]).map(latency)),
    prefillGapMs: timesOf(prefilled.map(gap)),
    replayGapMs: timesOf(replayed.map(gap)),
    replayOwnMs: timesOf(replayed.map((one) => gap(one) - one.speakers[1]!.before * tokenMs)),
    blackouts: 1,
  };
}

function endsOf(outcomes: readonly Outcome[]): Ends {
  const ends = { ...noEnds };
  for (const { end } of outcomes) ends[end] += 1;
  return ends;
}
