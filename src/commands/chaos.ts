import { setTimeout as pause } from "node:timers/promises";
import { syntheticAnswer } from "../adapters/synthetic/model.ts";
import { exitCode, HoldfastError } from "../protocol/errors.ts";
import { limits } from "../protocol/limits.ts";
import { createChance } from "../simulator/chance.ts";
import { type Arena, type ArenaNode, attach, startArena } from "./chaos/arena.ts";
import { type Blackout, blackOut } from "./chaos/blackout.ts";
import { mend, needsProxy, needsSynthetic } from "./chaos/fault.ts";
import type { Judged } from "./chaos/figures.ts";
import { type Load, startLoad } from "./chaos/load.ts";
import { type ChaosOptions, readOptions } from "./chaos/options.ts";
import { outcomeOf } from "./chaos/outcome.ts";
import { asText, reportOf, silentOf } from "./chaos/report.ts";
import type { Stream } from "./chaos/stream.ts";
import { type Flags, readSettings } from "./settings.ts";
import { onStop } from "./stopping.ts";

/** A request without an end after this counts as a hang, ms. */
const deadlineMs = 60_000;
/** Time until answers have come often enough to know how long one takes, ms. */
const warmMsMax = 60_000;

/** What there is to undo and to tell, however it ends. */
interface Progress {
  arena: Arena | undefined;
  load: Load | undefined;
  readonly blackouts: Blackout[];
  broken: readonly ArenaNode[];
}

/**
 * `holdfast chaos`: keeps streams in flight over a network, has nodes fail at random instants, and counts every
 * request. Figures go to standard output, progress to standard error. Exit code 1 when any request failed silently.
 */
export async function chaos(flags: Flags): Promise<void> {
  const options = readOptions(flags);
  const progress: Progress = { arena: undefined, load: undefined, blackouts: [], broken: [] };
  const ending = onStop(async () => {
    const { arena, load, broken } = progress;
    load?.abort();
    if (arena === undefined) return;
    const mending = mend(arena, broken, AbortSignal.abort());
    tell(options, progress, true);
    await mending;
    await arena.close();
  });
  try {
    progress.arena = await findArena(flags, options, ending);
    await breakThings(options, progress, ending);
    tell(options, progress, false);
  } catch (error) {
    // Whoever ended it has begun to put everything in order.
    if (ending.aborted) await new Promise<never>(() => {});
    throw error;
  } finally {
    if (!ending.aborted) await progress.arena?.close();
  }
}

async function findArena(flags: Flags, options: ChaosOptions, signal: AbortSignal): Promise<Arena> {
  const { faults, nodes, networkFlags } = options;
  const proxied = faults.some(needsProxy);
  if (flags["home"] === undefined) {
    note(
      `starting a network of ${nodes} nodes (${networkFlags.join(" ")})${proxied ? ", a proxy before each" : ""}`,
    );
    return startArena({ nodes, proxied, flags: networkFlags, signal });
  }
  const arena = await attach(readSettings({ home: flags["home"] }, process.env).home);
  const impossible = faults.filter(
    (fault) => needsProxy(fault) || (needsSynthetic(fault) && !arena.synthetic),
  );
  if (impossible.length === 0) return arena;
  throw new HoldfastError("A running network cannot be broken in this way.", {
    code: "fault-impossible",
    fault: "user",
    facts: { faults: impossible.join(", "), model: arena.model },
    remedy:
      "Kill and hang work on any network, stall, slow, 500, garbage and lie where its engine is synthetic, reset, cut and netdown only on one this command starts: leave --home away.",
  });
}

async function breakThings(options: ChaosOptions, progress: Progress, signal: AbortSignal): Promise<void> {
  const arena = progress.arena!;
  const chance = createChance(options.seed);
  const load = startLoad({
    ...{ url: arena.url, model: arena.model, streams: options.streams, tokens: options.tokens, deadlineMs },
    chance: chance.child("load"),
  });
  progress.load = load;
  note(`${arena.model} at ${arena.url}: warming up with ${options.streams} streams`);
  await Promise.race([load.warm, tooCold(signal)]);
  for (const fault of options.faults) {
    const drawn = chance.child(fault);
    for (let round = 1; round <= options.blackouts; round += 1) {
      const plan = { fault, victims: options.victims, chance: drawn };
      await blackOut(
        ...([arena, load, plan] as const),
        (blackout, nodes) => {
          progress.blackouts.push(blackout);
          progress.broken = nodes;
          const names = nodes.map(({ name }) => name).join(", ");
          note(
            `${fault} ${round}/${options.blackouts}: ${names}, ${blackout.struck.length} streams in flight`,
          );
        },
        signal,
      );
      progress.broken = [];
    }
  }
  await load.drain();
}

async function tooCold(signal: AbortSignal): Promise<never> {
  await pause(warmMsMax, undefined, { signal, ref: false });
  throw new HoldfastError("The network answered too few requests to begin with.", {
    code: "no-warm-up",
    fault: "environment",
    facts: { waitedMs: warmMsMax },
    remedy: "Ask for fewer streams (--streams); `holdfast status` shows who is alive.",
  });
}

function tell(options: ChaosOptions, { arena, load, blackouts }: Progress, interrupted: boolean): void {
  if (arena === undefined || load === undefined) return;
  const report = reportOf(options, load, blackouts, {
    ...{ judged: judgedOf(options, arena, load, blackouts), exact: arena.synthetic, interrupted },
  });
  console.log(options.json ? JSON.stringify(report) : asText(report));
  if (silentOf(report.all) > 0) process.exitCode = exitCode.holdfast;
}

function judgedOf(
  { streams: wanted }: ChaosOptions,
  arena: Arena,
  { streams }: Load,
  blackouts: readonly Blackout[],
): Judged {
  const expected = ({ question }: Stream) =>
    arena.synthetic
      ? syntheticAnswer(
          { kind: "chat", messages: [{ role: "user", content: question.content }] },
          question.tokens,
        )
      : undefined;
  const firstAt = blackouts[0]?.at ?? Number.POSITIVE_INFINITY;
  const words = streams
    .filter(({ end, endedAt }) => end === "whole" && (endedAt ?? firstAt) < firstAt)
    .map(({ pieces }) => ((pieces.at(-1)?.at ?? 0) - (pieces[0]?.at ?? 0)) / (wordsOf(pieces) - 1))
    .filter(Number.isFinite);
  const seatsWanted = wanted * (1 + limits.witnessesDefault);
  return {
    streams,
    outcome: (stream) => outcomeOf(stream, expected(stream)),
    wordMs: words.reduce((sum, ms) => sum + ms, 0) / words.length,
    // Synthetic seats cost nothing, so those that are left carry as much as before; with a model, processors are lost.
    capacity: (survivors) =>
      arena.synthetic
        ? Math.min(1, (survivors * arena.slots) / seatsWanted)
        : survivors / (blackouts[0]?.nodes ?? survivors),
  };
}

function wordsOf(pieces: Stream["pieces"]): number {
  return pieces.reduce((sum, { words }) => sum + words, 0);
}

function note(line: string): void {
  console.error(line);
}
