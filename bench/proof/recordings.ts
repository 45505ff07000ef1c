import { createLlamaEngine } from "../../src/adapters/llama/engine.ts";
import { systemClock as clock } from "../../src/adapters/system/clock.ts";
import { type Open, speakOut } from "../../src/commands/calibrate/record.ts";
import { type Recording, recordWith, saidFile, seenFile } from "../../src/commands/calibrate/recorder.ts";
import { readTraces, type Said, type Seen } from "../../src/commands/calibrate/trace.ts";
import type { TokenEngine } from "../../src/ports.ts";
import { createAnswer } from "../../src/roles/provider/answer.ts";
import { openTokenVoice } from "../../src/roles/provider/token-voice.ts";
import { type Cheat, cheats } from "../../test/adversaries/cheats.ts";
import { alteredWeights } from "../../test/adversaries/weights.ts";
import { defaultModelFile, engineContextTokens, modelName } from "../default-engine.ts";

/** Cheats of an executor that are recorded with a real model, by the names the adversaries have. */
export const recordedCheats = [
  "other-model",
  "three-bit",
  "four-bit",
  "noise",
  "four-bit-cache",
  "eight-bit-cache",
  "eight-bit",
  "cut-context",
  "injected-prompt",
  "prefill-attack",
  "hot",
  "other-seed",
  "replays",
] as const;
export type RecordedCheat = (typeof recordedCheats)[number];

export interface Recorded {
  readonly said: readonly Said[];
  readonly seen: readonly Seen[];
}

export interface RecordOptions {
  readonly folder: string;
  readonly answers: number;
  readonly tokens: number;
  readonly say: (line: string) => void;
}

/**
 * Answers of one cheat and how two honest witnesses saw them, one of another numeric profile, recorded as far as they are
 * not there yet.
 */
export async function recordCheat(name: RecordedCheat, options: RecordOptions): Promise<void> {
  const { folder, answers, tokens } = options;
  const series = seriesOf(name);
  const recording: Recording = { stage: "say", series, answers, tokens, folder, recipe: {} };
  if (recorded(folder, series).said.length < answers) await sayCheating(name, recording, options);
  await readBy({}, recording, options);
  await readBy({ numerics: { flashAttention: true } }, { ...recording, reader: "flash" }, options);
}

/** Honest answers that whole committees are made for, which takes more who read them than their own witness. */
export const jobSeries = "chunks-of-8";

/** The same answers read once more: by an honest witness of another profile, and by somebody who has the cheap weights. */
export async function readOnceMore(options: RecordOptions): Promise<void> {
  const { folder, tokens } = options;
  const answers = Math.min(options.answers, recorded(folder, jobSeries).said.length);
  const recording: Recording = { stage: "watch", series: jobSeries, answers, tokens, folder, recipe: {} };
  await readBy({ numerics: { flashAttention: true } }, { ...recording, reader: "flash" }, options);
  await readBy({ weights: "q4_0" }, { ...recording, reader: "cheap" }, options);
}

export function seriesOf(name: RecordedCheat): string {
  return `cheat-${name}`;
}

export function recorded(folder: string, series: string, reader?: Reader): Recorded {
  return {
    said: readTraces<Said>(saidFile({ folder, series })),
    seen: readTraces<Seen>(seenFile({ folder, series, ...(reader && { reader }) })),
  };
}

/** Whoever read an answer beside its own witness. */
export type Reader = "flash" | "cheap";

async function readBy(eyes: Cheat, recording: Recording, { say }: RecordOptions): Promise<void> {
  const who = recording.reader ?? "its witness";
  if (readTraces<Seen>(seenFile(recording)).length >= recording.answers) return;
  const engine = await openEngine(eyes);
  await recordWith({ ...recording, stage: "watch" }, { open: openOf(engine), engine }, (count) =>
    say(`${recording.series}: read ${count} by ${who}`),
  );
  await engine.close();
}

async function sayCheating(name: RecordedCheat, recording: Recording, { say }: RecordOptions): Promise<void> {
  const cheat: Cheat = cheats[name];
  const right = await openEngine({});
  const { weights, numerics, both } = cheat;
  const isOther = weights !== undefined || numerics !== undefined;
  const wrong = isOther
    ? { ...(await openEngine(cheat)), profile: right.profile }
    : (cheat.engine?.(right) ?? right);
  const bent: Open =
    both === undefined
      ? (cheat.voice?.(openOf(wrong)) ?? openOf(wrong))
      : async (order, signal) => both(await openOf(wrong)(order, signal), await openOf(right)(order, signal));
  const open = name === "replays" ? askedBefore(bent) : bent;
  await recordWith(recording, { open, engine: right }, (count) => say(`${recording.series}: said ${count}`));
  if (isOther) await wrong.close();
  await right.close();
}

/** Whoever replays has to have been asked the same before: under another seed, to the end. */
function askedBefore(bent: Open): Open {
  return async (order, signal) => {
    const seed = "0d".repeat(32);
    const before = await bent({ ...order, sampling: { ...order.sampling, seed } }, signal);
    await speakOut(before, createAnswer(order.job, before.promptDigest));
    before.close();
    return bent(order, signal);
  };
}

function openOf(engine: TokenEngine): Open {
  return (order, signal) => openTokenVoice({ clock }, engine, order, signal);
}

async function openEngine({ weights, numerics }: Cheat): Promise<TokenEngine> {
  const { path, id: model } = await defaultModelFile();
  const file = weights === undefined ? path : await alteredWeights(weights);
  return createLlamaEngine({
    ...{ file, model, name: modelName, slots: 2, contextTokens: engineContextTokens, threads: 1, gpu: false },
    ...(numerics === undefined ? {} : { numerics }),
  });
}
