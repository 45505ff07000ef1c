import { setTimeout as pause } from "node:timers/promises";
import { type Aftermath, aftermathOf, type Judged, largestGap } from "../../src/commands/chaos/aftermath.ts";
import { type Arena, startArena } from "../../src/commands/chaos/arena.ts";
import { type Blackout, blackOut } from "../../src/commands/chaos/blackout.ts";
import { faults, needsProxy } from "../../src/commands/chaos/fault.ts";
import { judgedOf } from "../../src/commands/chaos/judging.ts";
import { type Load as Asking, startLoad } from "../../src/commands/chaos/load.ts";
import { isLie } from "../../src/commands/chaos/options.ts";
import type { Stream } from "../../src/commands/chaos/stream.ts";
import { limits } from "../../src/protocol/limits.ts";
import { prepared } from "./holdfast.ts";
import type { Contender, Stage, StageOptions } from "./stage.ts";
import { type Ends, emptyTally, noEnds, type Tally, timesOf } from "./tally.ts";

/** Ten providers of one's own behind a gateway: the network that `holdfast chaos` starts, broken by its code. */
export const ownNodes: Contender = {
  name: "holdfast-nodes",
  setting: `\`holdfast up --engine synthetic --nodes 10\`, two witnesses; hold budget 250 ms, against lie and collude ${limits.holdMsMax} ms, so that nothing leaves unjudged; network faults break the data plane only`,
  faults,
  stage: stageOf,
};

async function stageOf({ size, fault, load, chance }: StageOptions): Promise<Stage> {
  const { streams, tokens, tokenMs } = load;
  const arena = await startArena({
    ...{ main: await prepared(), nodes: size, proxied: needsProxy(fault), signal: never },
    flags: ["--engine", "synthetic", "--pace", String(Math.round(1000 / tokenMs))],
  });
  const asking = startLoad({
    ...{ url: arena.url, model: arena.model, streams, deadlineMs, chance: chance.child("load") },
    tokens: { least: tokens, most: tokens },
    holdMs: isLie(fault) ? limits.holdMsMax : undefined,
  });
  const close = async () => {
    asking.abort();
    await arena.close();
  };
  try {
    await Promise.race([asking.warm, tooCold()]);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    async blackout(failing, drawn) {
      const plan = { fault, victims: () => failing, chance: drawn };
      const seen: Blackout[] = [];
      await blackOut(arena, asking, plan, (blackout) => seen.push(blackout), never);
      const tally = await tallyAfter(arena, asking, { blackout: seen[0]!, wanted: streams });
      asking.forget();
      return tally;
    },
    close,
  };
}

/** Nobody gives up here: a bench that is interrupted ends everything it started. */
const never = new AbortController().signal;
/** A request without an end after this counts as one, ms: a time-out. */
export const deadlineMs = 20_000;
const warmMsMax = 90_000;

async function tooCold(): Promise<never> {
  await pause(warmMsMax, undefined, { ref: false });
  throw new Error(`the network answered too little within ${warmMsMax} ms to begin with`);
}

async function tallyAfter(
  arena: Arena,
  asking: Asking,
  { blackout, wanted }: { readonly blackout: Blackout; readonly wanted: number },
): Promise<Tally> {
  const judged = judgedOf(arena, asking, { wanted, firstAt: blackout.at });
  const openStill = () =>
    asking.inFlight().some(({ sentAt }) => sentAt <= (blackout.mendedAt ?? Number.POSITIVE_INFINITY));
  while (openStill()) await pause(50);
  return tallyOf(aftermathOf(blackout, judged), judged, blackout.bypassed);
}

function tallyOf(aftermath: Aftermath, { outcome }: Judged, bypassed: number): Tally {
  const { healthy, inFlight, alive, warmGapsMs, coldGapsMs, recoveryMs, returnsMs } = aftermath;
  const after = alive.filter((stream) => !inFlight.includes(stream));
  const whole = (streams: readonly Stream[]) => streams.filter((stream) => outcome(stream) === "success");
  const latencies = (streams: readonly Stream[]) =>
    timesOf(whole(streams).map(({ endedAt, question }) => endedAt! - question.dueAt));
  const known = (times: ReadonlyArray<number | undefined>) => times.filter((ms) => ms !== undefined);
  const codes: Record<string, number> = {};
  for (const stream of alive.filter((each) => outcome(each) === "error"))
    codes[stream.error ?? "none"] = (codes[stream.error ?? "none"] ?? 0) + 1;
  return {
    ...emptyTally,
    ...{ inFlight: endsOf(inFlight, outcome), after: endsOf(after, outcome), codes },
    ...{ healthyMs: latencies(healthy), latencyMs: latencies(alive) },
    calmGapMs: timesOf(known(healthy.map((stream) => largestGap(stream, Number.NEGATIVE_INFINITY)))),
    ...{ warmGapMs: timesOf(warmGapsMs), coldGapMs: timesOf(coldGapsMs) },
    ...{ recoveryMs: timesOf(known([recoveryMs])), returnMs: timesOf(known(returnsMs)) },
    neverRecovered: recoveryMs === undefined ? 1 : 0,
    neverReturned: returnsMs.length - known(returnsMs).length,
    ...{ bypassed, blackouts: 1 },
  };
}

function endsOf(streams: readonly Stream[], outcome: Judged["outcome"]): Ends {
  const ends = { ...noEnds, withdrawn: 0 };
  const kinds = { success: "whole", error: "error", withdrawn: "withdrawn", hang: "timeout" } as const;
  for (const stream of streams) {
    const came = outcome(stream);
    ends[came in kinds ? kinds[came as keyof typeof kinds] : "silent"] += 1;
  }
  return ends;
}
