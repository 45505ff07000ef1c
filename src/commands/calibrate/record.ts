import type { JobId, ModelId } from "../../domain/ids.ts";
import type { Chunk } from "../../domain/inference/chunk.ts";
import type { OpenOrder } from "../../protocol/attempt.ts";
import { limits } from "../../protocol/limits.ts";
import { type Answer, createAnswer } from "../../roles/provider/answer.ts";
import type { Voice } from "../../roles/provider/voice.ts";
import { type Question, questionOf } from "./question.ts";
import type { Said, Seen } from "./trace.ts";

/** Begins work on a job as a provider does; see roles/provider/open-voice.ts. */
export type Open = (order: OpenOrder, signal: AbortSignal) => Promise<Voice>;

/** What a series of answers has in common. */
export interface Series {
  readonly name: string;
  readonly model: ModelId;
  readonly tokensMax: number;
  readonly contextTokens: number;
  /** Tokens that a witness reads at once; a speaker says its own. */
  readonly chunkTokens: number;
}

const never = new AbortController().signal;
const job = "00".repeat(32) as JobId;

/** Says the answer to one question, as an executor with nobody to talk to. */
export async function say(open: Open, series: Series, index: number): Promise<Said | undefined> {
  const question = questionOf(series.name, index);
  const voice = await open(orderOf(series, question), never);
  const answer = createAnswer(job, voice.promptDigest);
  await speakOut(voice, answer);
  const { promptTokens, profile } = voice;
  const leaves = voice.leaves(answer.end);
  await closed(voice);
  if (leaves === undefined) return undefined;
  const { sampling } = question;
  return { index, profile, sampling, promptTokens, ids: [...answer.ids], leaves };
}

/** Speaks until the answer's end. */
export async function speakOut(voice: Voice, answer: Answer): Promise<void> {
  await voice.prepare(never);
  let end: Chunk["end"];
  while (end === undefined) {
    const said = await voice.speak(answer, () => false, never);
    if (said === undefined) break;
    answer.append(said);
    end = said.end;
  }
}

/** Reads what was said as a witness does, in chunks. */
export async function watch(open: Open, series: Series, { index, ids }: Said): Promise<Seen | undefined> {
  const voice = await open(orderOf(series, questionOf(series.name, index)), never);
  const answer = createAnswer(job, voice.promptDigest);
  await voice.prepare(never);
  let accepted = true;
  for (let start = 0; start < ids.length; start += series.chunkTokens) {
    const part = ids.slice(start, start + series.chunkTokens);
    const chunk = { start, ids: part, text: "", signature: "" };
    const judgement = await voice.judge(answer, chunk, [], never);
    // Text and end are not recorded, so what was claimed of them is not what is judged here.
    if (judgement?.accepted === false && judgement.reason.includes("margin")) accepted = false;
    answer.append(chunk);
  }
  const leaves = voice.leaves(ids.length);
  const tallies = Array.from({ length: ids.length + 1 }, (_, count) => voice.margins(count));
  const { profile } = voice;
  await closed(voice);
  if (leaves === undefined) return undefined;
  const steps = tallies.slice(1).map((after, at) => ({ before: tallies[at]!, after }));
  return {
    ...{ index, profile, leaves, accepted },
    margins: steps.map(({ before, after }) => Math.round((after.sum - before.sum) * 1e4) / 1e4),
    informative: steps.map(({ before, after }) => after.informative > before.informative),
  };
}

function orderOf({ model, tokensMax, contextTokens }: Series, { prompt, sampling }: Question): OpenOrder {
  return {
    ...{ t: "open", job, model, prompt: prompt as OpenOrder["prompt"], sampling, tokensMax },
    ...{ tokensDefault: tokensMax, contextTokens, holdMs: limits.holdMsDefault, deadlineMs: 600_000 },
  };
}

/** Its slot is free when the step under way is over. */
async function closed(voice: Voice): Promise<void> {
  voice.close();
  await new Promise((resolve) => setTimeout(resolve, 5));
}
