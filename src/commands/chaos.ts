import { setTimeout as pause } from "node:timers/promises";
import { exitCode, HoldfastError } from "../protocol/errors.ts";
import { createChance } from "../simulator/chance.ts";
import { type Arena, attach, startArena } from "./chaos/arena.ts";
import { blackOut } from "./chaos/blackout.ts";
import { createChurn } from "./chaos/churn.ts";
import { needsProxy, needsSynthetic } from "./chaos/fault.ts";
import type { Count } from "./chaos/figures.ts";
import { judgedOf } from "./chaos/judging.ts";
import { type Load, startLoad } from "./chaos/load.ts";
import { type ChaosOptions, readOptions } from "./chaos/options.ts";
import { type Progress, putInOrder } from "./chaos/progress.ts";
import { asText, reportOf, silentOf } from "./chaos/report.ts";
import { soakReportOf, soakText } from "./chaos/soak-report.ts";
import { type Flags, readSettings } from "./settings.ts";
import { onStop } from "./stopping.ts";

/** A request without an end after this counts as a hang, ms. */
const deadlineMs = 60_000;
/** Time until answers have come often enough to know how long one takes, ms. */
const warmMsMax = 60_000;

/**
 * `holdfast chaos`: keeps streams in flight over a network, has nodes fail at random instants, and counts every
 * request. Figures go to standard output, progress to standard error. Exit code 1 when any request failed silently.
 */
export async function chaos(flags: Flags): Promise<void> {
  const options = readOptions(flags);
  const progress: Progress = {
    ...{ arena: undefined, load: undefined, churn: undefined, blackouts: [], broken: [] },
  };
  const ending = onStop(() => putInOrder(progress, () => tell(options, progress, true)));
  try {
    progress.arena = await findArena(flags, options, ending);
    progress.load = startAsking(progress.arena, options);
    await Promise.race([progress.load.warm, tooCold(ending)]);
    await (options.soakMinutes === undefined ? breakThings : soak)(options, progress, ending);
    await progress.load.drain();
    tell(options, progress, false);
  } catch (error) {
    // Whoever ended it has begun to put everything in order.
    if (ending.aborted) await new Promise<never>(() => {});
    throw error;
  } finally {
    if (!ending.aborted) await putInOrder(progress);
  }
}

async function findArena(flags: Flags, options: ChaosOptions, signal: AbortSignal): Promise<Arena> {
  const { faults, nodes, networkFlags } = options;
  const proxied = faults.some(needsProxy);
  if (flags["home"] === undefined) {
    note(
      `starting a network of ${nodes} nodes (${networkFlags.join(" ")})${proxied ? ", a proxy before each" : ""}`,
    );
    const main = process.argv[1] ?? "";
    return startArena({ main, nodes, proxied, flags: networkFlags, signal });
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

function startAsking({ url, model }: Arena, options: ChaosOptions): Load {
  const { streams, tokens, holdMs, seed } = options;
  const chance = createChance(seed).child("load");
  note(`${model} at ${url}: warming up with ${streams} streams`);
  return startLoad({ url, model, streams, tokens, holdMs, deadlineMs, chance });
}

async function breakThings(options: ChaosOptions, progress: Progress, signal: AbortSignal): Promise<void> {
  const { arena, load } = progress as { arena: Arena; load: Load };
  const chance = createChance(options.seed);
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
}

/** Says once a minute how it goes. */
const soakWordMs = 60_000;

async function soak(options: ChaosOptions, progress: Progress, signal: AbortSignal): Promise<void> {
  const { arena, load } = progress as { arena: Arena; load: Load };
  const minutes = options.soakMinutes ?? 0;
  const churn = createChurn(arena, options.faults, createChance(options.seed).child("churn"));
  progress.churn = churn;
  const words = setInterval(() => {
    const struck = Object.values(churn.strikes).reduce((sum, count) => sum + count, 0);
    const { all } = soakReportOf(options, { arena, load, churn }, false);
    note(`${struck} nodes struck, ${all.success} of ${all.requests} requests well answered`);
  }, soakWordMs);
  note(`a soak of ${minutes} minutes: ${options.faults.join(", ")}`);
  await churn.run(minutes, signal).finally(() => clearInterval(words));
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

function tell(
  options: ChaosOptions,
  { arena, load, churn, blackouts }: Progress,
  interrupted: boolean,
): void {
  if (arena === undefined || load === undefined) return;
  if (churn !== undefined) {
    const report = soakReportOf(options, { arena, load, churn }, interrupted);
    print(options, report, soakText(report));
    return;
  }
  const firstAt = blackouts[0]?.at ?? Number.POSITIVE_INFINITY;
  const judged = judgedOf(arena, load, { wanted: options.streams, firstAt });
  const report = reportOf(options, load, blackouts, { judged, exact: arena.synthetic, interrupted });
  print(options, report, asText(report));
}

function print({ json }: ChaosOptions, report: { readonly all: Count }, text: string): void {
  console.log(json ? JSON.stringify(report) : text);
  if (silentOf(report.all) > 0) process.exitCode = exitCode.holdfast;
}

function note(line: string): void {
  console.error(line);
}
