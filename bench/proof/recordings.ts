import { createLlamaEngine } from "../../src/adapters/llama/engine.ts";
import { systemClock as clock } from "../../src/adapters/system/clock.ts";
import type { Open } from "../../src/commands/calibrate/record.ts";
import { type Recording, recordWith, saidFile, seenFile } from "../../src/commands/calibrate/recorder.ts";
import { readTraces, type Said, type Seen } from "../../src/commands/calibrate/trace.ts";
import type { TokenEngine } from "../../src/ports.ts";
import { openTokenVoice } from "../../src/roles/provider/token-voice.ts";
import { type Cheat, cheats } from "../../test/adversaries/cheats.ts";
import { alteredWeights } from "../../test/adversaries/weights.ts";
import { defaultModelFile, engineContextTokens, modelName } from "../default-engine.ts";

/** Cheats of an executor that are recorded with a real model, by the names the adversaries have. */
export const recordedCheats = [
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

/** Answers of one cheat and how an honest witness saw them, recorded as far as they are not there yet. */
export async function recordCheat(name: RecordedCheat, options: RecordOptions): Promise<Recorded> {
  const { folder, answers, tokens } = options;
  const series = `cheat-${name}`;
  const common = { series, answers, tokens, folder, recipe: {} };
  const have = recorded(folder, series);
  if (have.said.length < answers) await sayCheating(cheats[name], { ...common, stage: "say" }, options);
  if (have.seen.length < answers) {
    const honest = await openEngine({});
    await recordWith({ ...common, stage: "watch" }, { open: openOf(honest), engine: honest }, (count) =>
      options.say(`${series}: read ${count}`),
    );
    await honest.close();
  }
  return recorded(folder, series);
}

export function recorded(folder: string, series: string): Recorded {
  return {
    said: readTraces<Said>(saidFile({ folder, series })),
    seen: readTraces<Seen>(seenFile({ folder, series })),
  };
}

async function sayCheating(cheat: Cheat, recording: Recording, { say }: RecordOptions): Promise<void> {
  const right = await openEngine({});
  const { weights, numerics, both } = cheat;
  const isOther = weights !== undefined || numerics !== undefined;
  const wrong = isOther ? { ...(await openEngine(cheat)), profile: right.profile } : right;
  const open: Open =
    both === undefined
      ? (cheat.voice?.(openOf(wrong)) ?? openOf(wrong))
      : async (order, signal) => both(await openOf(wrong)(order, signal), await openOf(right)(order, signal));
  await recordWith(recording, { open, engine: right }, (count) => say(`${recording.series}: said ${count}`));
  if (isOther) await wrong.close();
  await right.close();
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
