import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createChance } from "../../src/simulator/chance.ts";
import type { LiveNetwork } from "../../test/rigs/live-network.ts";
import { load } from "../machine.ts";
import type { Figure, Measurement, Outcome, Settings } from "../measurement.ts";
import { withNetwork } from "../network.ts";
import { mean, median, percentile } from "../statistics.ts";
import { disturbedAnswer, type Fault, type Sample } from "../strike.ts";

const faults = ["SIGKILL", "SIGSTOP"] as const;
const targets = { SIGKILL: 300, SIGSTOP: 1000 } as const;
/** Samples as they come, so that an interrupted run is not lost. */
const kept = join(import.meta.dirname, "../results/switch-gap.log");
/** A network that has lost and regained everybody so often is replaced by a fresh one. */
const roundsPerNetwork = 50;

export const switchGap: Measurement = {
  name: "switch-gap",
  method:
    "Streams of 40–60 tokens (temperature 0 and 0.7), five nodes, two witnesses. After a random piece and a random delay the executor is killed or stopped. Gap: longest time between two pieces of content of which the second came after the strike, as the client sees it. Each round is one SIGKILL, one SIGSTOP and one undisturbed stream; the victim is back before the next round.",
  run,
};

async function run(settings: Settings): Promise<Outcome> {
  const { kills, say } = settings;
  if (!settings.resume && !settings.quick) rmSync(kept, { force: true });
  const samples = settings.resume ? readKept() : [];
  let round = Math.max(0, ...samples.map((sample) => sample.round + 1));
  while (faults.some((fault) => struck(samples, fault).length < kills)) {
    await withNetwork(async (network) => {
      for (let done = 0; done < roundsPerNetwork; done += 1, round += 1) {
        if (faults.every((fault) => struck(samples, fault).length >= kills)) return;
        await oneRound(network, { settings, samples, round });
        say(progress(samples, round));
      }
    });
  }
  if (!settings.quick) rmSync(kept, { force: true });
  return outcome(samples);
}

async function oneRound(
  network: LiveNetwork,
  { settings, samples, round }: { settings: Settings; samples: Sample[]; round: number },
): Promise<void> {
  const chance = createChance(settings.seed).child(`round ${round}`);
  for (const fault of [...faults, "none"] as const) {
    if (fault !== "none" && struck(samples, fault).length >= settings.kills) continue;
    const sample = await disturbedAnswer(network, {
      fault,
      round,
      seed: settings.seed,
      chance: chance.child(fault),
    });
    samples.push(sample);
    if (!settings.quick) append(sample);
  }
}

function append(sample: Sample): void {
  mkdirSync(dirname(kept), { recursive: true });
  appendFileSync(kept, `${JSON.stringify(sample)}\n`);
}

function readKept(): Sample[] {
  if (!existsSync(kept)) return [];
  const lines = readFileSync(kept, "utf8").trim().split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Sample);
}

/** Those in which somebody was struck in time, with a witness at hand. */
function struck(samples: readonly Sample[], fault: Fault): Sample[] {
  return samples.filter((sample) => sample.fault === fault && sample.warm && sample.gapMs !== undefined);
}

function progress(samples: readonly Sample[], round: number): string {
  const parts = [...faults, "none" as const].map((fault) => {
    const gaps = struck(samples, fault).map(({ gapMs }) => gapMs!);
    return `${fault} ${gaps.length}: p50 ${percentile(gaps, 0.5)} p99 ${percentile(gaps, 0.99)}`;
  });
  const unsound = samples.filter(({ sound }) => !sound).length;
  return `round ${round}, load ${load()}: ${parts.join("; ")}; unsound ${unsound}`;
}

function outcome(all: readonly Sample[]): Outcome {
  const figures: Figure[] = [];
  const samples: Record<string, number[]> = {};
  for (const fault of [...faults, "none"] as const) {
    const found = struck(all, fault);
    const name = fault === "none" ? "undisturbed" : fault;
    const gaps = found.map(({ gapMs }) => gapMs!);
    samples[name] = gaps;
    figures.push(
      { name: `${name}: streams`, value: gaps.length, unit: "count" },
      { name: `${name}: largest gap, p50`, value: percentile(gaps, 0.5), unit: "ms" },
      {
        ...{ name: `${name}: largest gap, p99`, value: percentile(gaps, 0.99), unit: "ms" },
        ...(fault === "none" ? {} : { target: { atMost: targets[fault] } }),
      },
      { name: `${name}: largest gap, max`, value: Math.max(...gaps), unit: "ms" },
    );
    if (fault !== "none") figures.push(...parts(found, name));
  }
  const sound = all.filter((sample) => sample.sound).length;
  const shares = all.map(({ acceptedShare }) => acceptedShare);
  figures.push(
    {
      ...{ name: "answers whole and valid", value: (100 * sound) / all.length, unit: "%" },
      target: { atLeast: 100 },
    },
    { name: "tokens accepted before delivery, mean", value: 100 * mean(shares), unit: "%" },
    {
      name: "load average while measuring, median",
      value: median(all.map((sample) => sample.load)),
      unit: "count",
    },
  );
  return { figures, samples: { ...samples, load: all.map((sample) => sample.load) } };
}

/** Where the time went. Noticing and promoting are one step of the gateway; its log tells when. */
function parts(found: readonly Sample[], name: string): Figure[] {
  return (["noticed", "spoken"] as const).flatMap((part): Figure[] => {
    const times = found.flatMap((sample) => sample[`${part}Ms`] ?? []);
    const what = part === "noticed" ? "strike to promotion" : "promotion to the first piece by another";
    return [
      { name: `${name}: ${what}, p50`, value: percentile(times, 0.5), unit: "ms" },
      { name: `${name}: ${what}, p99`, value: percentile(times, 0.99), unit: "ms" },
    ];
  });
}
