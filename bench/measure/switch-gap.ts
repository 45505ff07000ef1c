import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createChance } from "../../src/simulator/chance.ts";
import type { LiveNetwork } from "../../test/rigs/live-network.ts";
import { quietPercent } from "../machine.ts";
import type { Figure, Measurement, Outcome, Settings } from "../measurement.ts";
import { withNetwork } from "../network.ts";
import { mean, percentile } from "../statistics.ts";
import { disturbedAnswer, type Fault, type Sample } from "../strike.ts";

const faults = ["SIGKILL", "SIGSTOP"] as const;
const targets = { SIGKILL: 300, SIGSTOP: 1000 } as const;
/** Samples as they come: an interrupted run is not lost, and `--resume --kills N` makes more of a finished one. */
const kept = join(import.meta.dirname, "../results/switch-gap.log");
/** A network that has lost and regained everybody so often is replaced by a fresh one. */
const roundsPerNetwork = 50;
/** What is undisturbed varies less, and is only there to compare with. */
const roundsPerUndisturbed = 5;

export const switchGap: Measurement = {
  name: "switch-gap",
  method:
    "Streams of 40–60 tokens (temperature 0 and 0.7), five nodes, two witnesses. After a random piece and a random delay the executor is killed or stopped. Gap at the switch: from the last piece of the one that was struck to the first of another, as the client sees it. Largest gap: the longest between any two pieces of which the second came after the strike, to the end of the answer. Each round is one SIGKILL and one SIGSTOP, each fifth also an undisturbed stream; the victim is back, and the network at rest, before the next stream.",
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
  return outcome(samples);
}

async function oneRound(
  network: LiveNetwork,
  { settings, samples, round }: { settings: Settings; samples: Sample[]; round: number },
): Promise<void> {
  const chance = createChance(settings.seed).child(`round ${round}`);
  for (const fault of [...faults, "none"] as const) {
    const enough = struck(samples, fault).length >= settings.kills;
    if (fault === "none" ? round % roundsPerUndisturbed !== 0 : enough) continue;
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
  return `round ${round}: ${parts.join("; ")}; unsound ${unsound}`;
}

function outcome(all: readonly Sample[]): Outcome {
  const kinds = [...faults, "none"] as const;
  const samples: Record<string, number[]> = {};
  for (const fault of kinds) {
    const found = struck(all, fault);
    samples[nameOf(fault)] = found.map(({ gapMs }) => gapMs!);
    samples[`${nameOf(fault)}, others %`] = found.map(({ others }) => others);
  }
  const sound = (100 * all.filter((sample) => sample.sound).length) / all.length;
  const quiet = all.filter(({ others }) => others <= quietPercent);
  return {
    figures: [
      ...kinds.flatMap((fault) => figuresOf(struck(all, fault), nameOf(fault), fault)),
      ...kinds.flatMap((fault) =>
        figuresOf(struck(quiet, fault), `${nameOf(fault)}, others ≤ ${quietPercent} %`, fault),
      ),
      { name: "answers whole and valid", value: sound, unit: "%", target: { atLeast: 100 } },
      ...acceptedFigures(all, "all"),
      ...acceptedFigures(quiet, `others ≤ ${quietPercent} %`),
    ],
    samples,
  };
}

function nameOf(fault: Fault): string {
  return fault === "none" ? "undisturbed" : fault;
}

function figuresOf(found: readonly Sample[], name: string, fault: Fault): Figure[] {
  const gaps = found.map(({ gapMs }) => gapMs!);
  const switches = found.flatMap(({ switchMs }) => switchMs ?? []);
  const target = fault === "none" ? {} : { target: { atMost: targets[fault] } };
  return [
    { name: `${name}: streams`, value: gaps.length, unit: "count" },
    ...(fault === "none" ? [] : switchFigures(switches, name, target)),
    { name: `${name}: largest gap, p50`, value: percentile(gaps, 0.5), unit: "ms" },
    { name: `${name}: largest gap, p99`, value: percentile(gaps, 0.99), unit: "ms", ...target },
    { name: `${name}: largest gap, max`, value: percentile(gaps, 1), unit: "ms" },
    ...(fault === "none" ? [] : parts(found, name)),
  ];
}

function switchFigures(gaps: readonly number[], name: string, target: Pick<Figure, "target">): Figure[] {
  return [
    { name: `${name}: gap at the switch, p50`, value: percentile(gaps, 0.5), unit: "ms" },
    { name: `${name}: gap at the switch, p99`, value: percentile(gaps, 0.99), unit: "ms", ...target },
  ];
}

function acceptedFigures(found: readonly Sample[], name: string): Figure[] {
  const undisturbed = found.filter(({ fault }) => fault === "none").map(({ acceptedShare }) => acceptedShare);
  const struck = found.filter(({ fault }) => fault !== "none").map(({ acceptedShare }) => acceptedShare);
  const what = "tokens accepted before delivery, mean";
  return [
    { name: `${what} (undisturbed, ${name})`, value: 100 * mean(undisturbed), unit: "%" },
    { name: `${what} (struck, ${name})`, value: 100 * mean(struck), unit: "%" },
  ];
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
