import { setTimeout as pause } from "node:timers/promises";
import { type Chance, drawSome } from "../../src/simulator/chance.ts";
import { recoveryOf } from "../../src/simulator/recovery.ts";
import type { Running } from "./contenders.ts";
import type { Rig, UpstreamFault } from "./faults.ts";
import type { Outcome, Speaker } from "./outcome.ts";
import type { Load } from "./stage.ts";
import { type Ends, emptyTally, noEnds, type Tally, timesOf } from "./tally.ts";

interface Asked {
  readonly at: number;
  outcome: Outcome | undefined;
  endedAt: number;
}

/**
 * One blackout: streams are kept in flight, some upstreams fail at one instant, are mended after a while and have time
 * to be used again, all under the same load. Every request that was open at the instant or began before they were
 * mended is counted, to its end; those begun later only show who serves again.
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
  const victims = drawSome([...rig.upstreams.keys()], failing, chance);
  const at = performance.now();
  rig.hurt(victims, fault);
  await pause(load.afterMs);
  const until = performance.now();
  await rig.heal(victims, fault);
  const course = { at, until, healedAt: performance.now(), victims };
  // Where nobody tells who speaks there is nothing to wait for.
  const areBack = () => returnsOf(asked, rig, course)?.every((ms) => ms !== undefined) ?? true;
  while (!areBack() && performance.now() < course.healedAt + load.returnMs) await pause(100);
  open = false;
  await Promise.all(workers);
  return tallyOf(asked, rig, course, load.tokenMs);
}

/** A client's patience with one answer, ms. */
const timeoutMs = 20_000;

interface Course {
  /** When they failed, when the time ended in which requests count, and when all were well again. */
  readonly at: number;
  readonly until: number;
  readonly healedAt: number;
  readonly victims: readonly number[];
}

/** How long after all were well each spoke again, ms; undefined where answers do not tell who speaks. */
function returnsOf(
  asked: readonly Asked[],
  rig: Rig,
  { healedAt, victims }: Course,
): Array<number | undefined> | undefined {
  const speakers = (from: number) =>
    asked.flatMap(({ at, outcome }) => (at > from ? (outcome?.speakers ?? []) : []));
  if (speakers(0).length === 0) return undefined;
  // What was asked before may name who had been lost.
  const later = speakers(healedAt);
  return victims.map((victim) => {
    const times = later.filter(({ name }) => rig.indexOf(name) === victim).map(({ at }) => at - healedAt);
    return times.length === 0 ? undefined : Math.min(...times);
  });
}

function tallyOf(asked: readonly Asked[], rig: Rig, course: Course, tokenMs: number): Tally {
  const { at, until } = course;
  const outcomes = (ones: readonly Asked[]) => ones.flatMap(({ outcome }) => outcome ?? []);
  const healthy = outcomes(asked.filter((one) => one.endedAt <= at));
  const inFlight = outcomes(asked.filter((one) => one.at <= at && one.endedAt > at));
  const after = outcomes(asked.filter((one) => one.at > at && one.at <= until));
  const latencies = (ones: readonly Outcome[]) =>
    timesOf(ones.filter(({ end }) => end === "whole").map(({ latencyMs }) => latencyMs));
  const taken = [...inFlight, ...after].flatMap((one) => takeoverOf(one) ?? []);
  const prefilled = taken.filter(({ by }) => rig.prefills(by.name));
  const replayed = taken.filter(({ by }) => !rig.prefills(by.name));
  const said = outcomes(asked).flatMap(({ pieces }) => pieces);
  // Those left can carry any number of streams.
  const recoveryMs = recoveryOf(said, at, 1);
  const returnsMs = returnsOf(asked, rig, course) ?? [];
  const known = returnsMs.filter((ms) => ms !== undefined);
  return {
    ...emptyTally,
    ...{ inFlight: endsOf(inFlight), after: endsOf(after) },
    ...{ healthyMs: latencies(healthy), latencyMs: latencies([...inFlight, ...after]) },
    prefillGapMs: timesOf(prefilled.map(({ gapMs }) => gapMs)),
    replayGapMs: timesOf(replayed.map(({ gapMs }) => gapMs)),
    replayOwnMs: timesOf(replayed.map(({ gapMs, by }) => gapMs - by.before * tokenMs)),
    recoveryMs: timesOf(recoveryMs === undefined ? [] : [recoveryMs]),
    neverRecovered: recoveryMs === undefined ? 1 : 0,
    ...{ returnMs: timesOf(known), neverReturned: returnsMs.length - known.length },
    blackouts: 1,
  };
}

/**
 * The largest gap of an answer that changed its speaker, however often and however it ended, and who took over then: a
 * slow one's gap comes before it is given up, and is laid to whoever spoke next.
 */
export function takeoverOf({
  pieces,
  speakers,
}: Pick<Outcome, "pieces" | "speakers">): { readonly gapMs: number; readonly by: Speaker } | undefined {
  const [, ...changes] = speakers;
  const last = changes.at(-1);
  if (last === undefined) return undefined;
  let [gapMs, endedAt] = [0, 0];
  for (let index = 1; index < pieces.length; index += 1) {
    const { at } = pieces[index]!;
    const gap = at - pieces[index - 1]!.at;
    if (gap > gapMs) [gapMs, endedAt] = [gap, at];
  }
  return { gapMs, by: changes.find(({ at }) => at >= endedAt) ?? last };
}

function endsOf(outcomes: readonly Outcome[]): Ends {
  const ends = { ...noEnds };
  for (const { end } of outcomes) ends[end] += 1;
  return ends;
}
