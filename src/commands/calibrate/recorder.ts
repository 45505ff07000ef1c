import { join } from "node:path";
import { createLlamaEngine } from "../../adapters/llama/engine.ts";
import { systemClock as clock } from "../../adapters/system/clock.ts";
import type { TokenEngine } from "../../ports.ts";
import { openTokenVoice } from "../../roles/provider/token-voice.ts";
import type { NamedModel } from "../model.ts";
import { engineOptions, type Recipe } from "./profiles.ts";
import { questionOf } from "./question.ts";
import { type Open, type Series, say, watch } from "./record.ts";
import { keepTraces, readTraces, type Said, type Seen } from "./trace.ts";

/** One stretch of work of a recording process: saying the answers of a series, or reading what was said. */
export interface Recording {
  readonly stage: "say" | "watch";
  readonly series: string;
  readonly recipe: Recipe;
  /** Answers there should be in all; what is there already is not made again. */
  readonly answers: number;
  /** Tokens of each. */
  readonly tokens: number;
  /** Folder of the traces. */
  readonly folder: string;
  /** Who reads, where more than one reads the same answers; absent: the series' own witness. */
  readonly reader?: string;
}

const contextTokens = 2048;
/** Answers kept at once: as many are lost when the process is killed. */
const answersKept = 8;

export function saidFile({ folder, series }: Pick<Recording, "folder" | "series">): string {
  return join(folder, `${series}.said.jsonl.gz`);
}

export function seenFile({
  folder,
  series,
  reader,
}: Pick<Recording, "folder" | "series" | "reader">): string {
  return join(folder, `${series}.seen${reader === undefined ? "" : `-by-${reader}`}.jsonl.gz`);
}

/** Does it, in this process, with an engine of its own. `tell` hears how many answers there are now. */
export async function record(
  recording: Recording,
  { id, name, path: file }: NamedModel,
  tell: (answers: number) => void,
): Promise<void> {
  const { recipe } = recording;
  const engine = await createLlamaEngine({
    ...{ file, model: id, name, contextTokens, gpu: false, slots: atOnce(recipe) },
    ...engineOptions(recipe),
  });
  const open: Open = (order, signal) => openTokenVoice({ clock }, engine, order, signal);
  try {
    await recordWith(recording, { open, engine }, tell);
  } finally {
    await engine.close();
  }
}

/** The same with whatever opens its voices: a test's adversaries are recorded like anybody else. */
export async function recordWith(
  recording: Recording,
  { open, engine }: { readonly open: Open; readonly engine: TokenEngine },
  tell: (answers: number) => void,
): Promise<void> {
  const { stage, recipe, answers, tokens } = recording;
  const chunkTokens = recipe.chunkTokens ?? 8;
  const series: Series = {
    ...{ name: recording.series, model: engine.model, tokensMax: tokens, contextTokens, chunkTokens },
  };
  const said = readTraces<Said>(saidFile(recording));
  const file = stage === "say" ? saidFile(recording) : seenFile(recording);
  const done = stage === "say" ? said.length : readTraces<Seen>(file).length;
  let kept: Array<Said | Seen> = [];
  const most = stage === "say" ? answers : Math.min(answers, said.length);
  async function trace(index: number): Promise<Said | Seen> {
    if (recipe.warm) await warmUp(engine, recording.series, index);
    const found = stage === "say" ? await say(open, series, index) : await watch(open, series, said[index]!);
    if (found === undefined) throw new Error(`the engine showed no logits for answer ${index}`);
    return found;
  }
  for (let index = done; index < most; ) {
    const next = Math.min(most, index + atOnce(recipe));
    kept.push(...(await Promise.all(Array.from({ length: next - index }, (_, at) => trace(index + at)))));
    index = next;
    if (kept.length < answersKept && index < most) continue;
    keepTraces(file, kept);
    kept = [];
    tell(index);
  }
}

/** Answers that are said, or read, in the same steps of one engine. */
function atOnce({ neighbours = false }: Recipe): number {
  return neighbours ? 4 : 1;
}

/** Leaves the beginning of the prompt in the cache, as an earlier question of the same conversation would. */
async function warmUp(engine: TokenEngine, series: string, index: number): Promise<void> {
  const { prompt } = questionOf(series, index);
  if (prompt.kind !== "chat") return;
  const content = `${prompt.messages.at(-1)!.content} Be brief.`;
  const sequence = await engine.open(
    { kind: "chat", messages: [...prompt.messages.slice(0, -1), { role: "user", content }] },
    1,
  );
  await sequence.judge([], new AbortController().signal);
  sequence.close();
  await new Promise((resolve) => setTimeout(resolve, 5));
}
