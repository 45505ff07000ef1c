import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { signCalibration } from "../adapters/keys/calibration-signature.ts";
import { loadNodeKey } from "../adapters/keys/node-key.ts";
import { HoldfastError } from "../protocol/errors.ts";
import { calibrationFrom } from "./calibrate/calibration.ts";
import { cpuEnvironment, honestSeries } from "./calibrate/profiles.ts";
import { type Recording, record, saidFile, seenFile } from "./calibrate/recorder.ts";
import { readTraces, type Said, type Seen } from "./calibrate/trace.ts";
import { text, wholeNumber } from "./flag-values.ts";
import { makeHome } from "./home-folder.ts";
import { obtainModel } from "./model.ts";
import { type Flags, readSettings } from "./settings.ts";
import { onStop } from "./stopping.ts";
import { table } from "./table.ts";

/**
 * `holdfast calibrate`: records honest answers, each said with one numeric profile and read with another, fits bounds
 * to one half, tests them on the other, and writes them into the home folder, signed. What was recorded is kept and
 * gone on with, so it may be stopped at any time.
 */
export async function calibrate(flags: Flags): Promise<void> {
  if (typeof flags["record"] === "string") return recordHere(flags, JSON.parse(flags["record"]) as Recording);
  const settings = readSettings(flags, process.env);
  makeHome(settings.home);
  const counts = { least: 1, most: 9_999_999 };
  const answers = wholeNumber(flags, "answers", counts) ?? 60;
  const tokens = wholeNumber(flags, "tokens", counts) ?? 96;
  const folder = resolve(text(flags, "traces") ?? join(settings.home, "traces"));
  mkdirSync(folder, { recursive: true });
  const model = await obtainModel(settings);
  const here = { home: settings.home, file: model.path };
  let recording: ChildProcess | undefined;
  const ending = onStop(async () => void recording?.kill());
  const begun = (child: ChildProcess) => {
    recording = child;
  };
  for (const { name, speaker, witness } of honestSeries()) {
    const common = { series: name, answers, tokens, folder };
    await recordElsewhere(here, { ...common, stage: "say", recipe: speaker }, begun);
    await recordElsewhere(here, { ...common, stage: "watch", recipe: witness }, begun);
    if (ending.aborted) return;
  }
  const calibration = calibrationFrom(
    honestSeries().map(({ name: series }) => ({
      series,
      said: readTraces<Said>(saidFile({ folder, series })).slice(0, answers),
      seen: readTraces<Seen>(seenFile({ folder, series })).slice(0, answers),
    })),
    { model: model.id, madeAt: new Date().toISOString() },
  );
  const file = join(settings.home, "calibration.json");
  const signed = await signCalibration(calibration, loadNodeKey(settings.home));
  writeFileSync(file, `${JSON.stringify(signed, null, 1)}\n`);
  if (flags["json"]) return console.log(JSON.stringify({ file, ...calibration }));
  const rows = calibration.pairs.map(({ one, other, tested }) => [
    ...[`${brief(one)} / ${brief(other)}`, String(tested.answers)],
    ...[String(tested.convicted), tested.convictedMost.toExponential(1), String(tested.inconclusive)],
  ]);
  console.log(table([["profiles", "tested", "convicted", "at most (95 %)", "inconclusive"], ...rows]));
  console.error(`Bounds are in ${file}. More answers make them surer: --answers ${answers * 4}`);
}

/** Of the profile, what differs from one to the other. */
function brief(profile: string): string {
  return profile.replace(/^node-llama-cpp@\S+ \S+ /, "");
}

async function recordHere(flags: Flags, recording: Recording): Promise<void> {
  const model = await obtainModel(readSettings(flags, process.env));
  await record(recording, model, (count) =>
    console.error(
      `${recording.series}: ${recording.stage === "say" ? "said" : "read"} ${count} of ${recording.answers}`,
    ),
  );
  // The library alone would keep the process.
  process.exit();
}

/** A process of its own for each recording: a CPU library is chosen once for a process. */
async function recordElsewhere(
  { home, file }: { readonly home: string; readonly file: string },
  recording: Recording,
  begun: (child: ChildProcess) => void,
): Promise<void> {
  const done = readTraces(recording.stage === "say" ? saidFile(recording) : seenFile(recording)).length;
  if (done >= recording.answers) return;
  const { cpu } = recording.recipe;
  const child = spawn(
    process.execPath,
    [
      resolve(process.argv[1]!),
      "calibrate",
      "--record",
      JSON.stringify(recording),
      "--model",
      file,
      "--home",
      home,
    ],
    {
      stdio: ["ignore", "ignore", "inherit"],
      ...(cpu === undefined ? {} : { env: { ...process.env, ...cpuEnvironment(cpu) } }),
    },
  );
  begun(child);
  const code = await new Promise<number | null>((ended) => child.once("exit", ended));
  if (code !== 0 && code !== null) {
    throw new HoldfastError("A recording did not come to its end.", {
      ...{ code: "recording-failed", fault: "environment", retryable: true },
      facts: { series: recording.series, exit: String(code) },
      remedy: "Run the same command again; it goes on where it stopped.",
    });
  }
}
