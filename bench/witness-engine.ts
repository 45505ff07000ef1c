/** A process that generates, judges and plainly reads the same tokens, for measure/witness-cost.ts. */
import { loadRuntime } from "../src/adapters/llama/runtime.ts";
import { systemClock } from "../src/adapters/system/clock.ts";
import type { Address, JobId, TokenId } from "../src/domain/ids.ts";
import type { Chunk } from "../src/domain/inference/chunk.ts";
import { fingerprintTree } from "../src/domain/verification/fingerprint.ts";
import type { TokenSequence } from "../src/ports.ts";
import type { OpenOrder } from "../src/protocol/attempt.ts";
import { createAnswer } from "../src/roles/provider/answer.ts";
import { openTokenVoice } from "../src/roles/provider/token-voice.ts";
import { answerLines } from "./asker.ts";
import { defaultModelFile, engineContextTokens, openDefaultEngine } from "./default-engine.ts";
import { closed, generate } from "./generation.ts";

export interface WitnessRequest {
  readonly prompt: OpenOrder["prompt"];
  readonly sampling: OpenOrder["sampling"];
  readonly tokensMax: number;
  readonly chunkTokens: number;
}

/** CPU time of all threads for each token, µs. */
export interface WitnessCost {
  readonly tokens: number;
  readonly accepted: boolean;
  readonly generateUs: number;
  readonly judgeUs: number;
  readonly prefillUs: number;
  /** An executor's whole work: candidates, choice, text, and the leaves of its fingerprint. */
  readonly speakUs: number;
  /** The library by itself, a token at a time at temperature 0. */
  readonly stepUs: number;
  /** A fingerprint's root over the answer's leaves, once. */
  readonly rootUs: number;
}

const never = new AbortController().signal;
const engine = await openDefaultEngine(1);
const plain = await openPlain();

const job = "00".repeat(32) as JobId;
let turn = 0;
await answerLines(async (question): Promise<WitnessCost> => {
  const request = question as WitnessRequest;
  const before = process.cpuUsage();
  const { ids } = await generate(engine, request);
  const generateUs = since(before) / ids.length;
  const sequence = await engine.open(request.prompt, request.tokensMax);
  const pieces = cut(ids, request, sequence);
  const { promptIds } = sequence;
  await closed(sequence);
  // Whoever comes second finds the machine as the first left it; so they take turns at that.
  turn += 1;
  const prefillFirst = turn % 2 === 0 ? await prefill(promptIds, pieces) : undefined;
  const judged = await judge(request, pieces);
  const prefillUs = prefillFirst ?? (await prefill(promptIds, pieces));
  const stepFirst = turn % 2 === 0 ? await step(promptIds, ids.length) : undefined;
  const spoken = await speak(request);
  const stepUs = stepFirst ?? (await step(promptIds, ids.length));
  return {
    ...{ speakUs: spoken.us / spoken.tokens, stepUs: stepUs / ids.length, rootUs: spoken.rootUs },
    ...{ tokens: ids.length, accepted: judged.accepted, generateUs },
    ...{ judgeUs: judged.us / ids.length, prefillUs: prefillUs / ids.length },
  };
});
await engine.close();
// The library alone would keep the process.
process.exit();

/** The answer in chunks, as a speaker would have made them. */
function cut(ids: readonly TokenId[], request: WitnessRequest, sequence: TokenSequence): Chunk[] {
  const chunks: Chunk[] = [];
  for (let start = 0; start < ids.length; start += request.chunkTokens) {
    const part = ids.slice(start, start + request.chunkTokens);
    const last = start + part.length === ids.length;
    const end = sequence.ends(ids.at(-1)!) ? "stop" : "length";
    const text = sequence.text(part, ids.slice(0, start));
    chunks.push({ start, ids: part, text, signature: "", ...(last ? { end } : {}) });
  }
  return chunks;
}

function openVoice({ prompt, sampling, tokensMax }: WitnessRequest) {
  const open = {
    ...{ t: "open" as const, job, model: engine.model, prompt, sampling, tokensMax },
    ...{
      tokensDefault: tokensMax,
      contextTokens: engineContextTokens,
      holdMs: 250,
      deadlineMs: 60_000,
    },
  };
  return openTokenVoice({ clock: systemClock }, engine, open, never);
}

async function speak(request: WitnessRequest) {
  const voice = await openVoice(request);
  await voice.prepare(never);
  const answer = createAnswer(job, voice.promptDigest);
  const before = process.cpuUsage();
  for (let end: Chunk["end"]; end === undefined; ) {
    const said = await voice.speak(answer, () => false, never);
    if (said === undefined) break;
    answer.append(said);
    end = said.end;
  }
  const us = since(before);
  const tokens = answer.end;
  const begun = process.cpuUsage();
  fingerprintTree({ job, node: `0x${"00".repeat(20)}` as Address }, voice.leaves(tokens) ?? []);
  const rootUs = since(begun);
  await closed(voice);
  return { us, tokens, rootUs };
}

/** As the library would go on by itself. */
async function step(promptIds: readonly TokenId[], count: number): Promise<number> {
  type Tokens = Parameters<typeof plain.evaluateWithoutGeneratingNewTokens>[0];
  await plain.clearHistory();
  await plain.evaluateWithoutGeneratingNewTokens(promptIds.slice(0, -1) as Tokens);
  const before = process.cpuUsage();
  let left = count;
  for await (const _ of plain.evaluate(promptIds.slice(-1) as Tokens, { temperature: 0 })) {
    left -= 1;
    if (left === 0) break;
  }
  return since(before);
}

/** A witness's whole judgement: candidates, margins, text, end, and the leaves of its fingerprint. */
async function judge(request: WitnessRequest, chunks: readonly Chunk[]) {
  const voice = await openVoice(request);
  await voice.prepare(never);
  const answer = createAnswer(job, voice.promptDigest);
  let accepted = true;
  const before = process.cpuUsage();
  for (const chunk of chunks) {
    accepted = (await voice.judge(answer, chunk, [], never)).accepted && accepted;
    answer.append(chunk);
  }
  const us = since(before);
  await closed(voice);
  return { us, accepted };
}

async function prefill(promptIds: readonly TokenId[], chunks: readonly Chunk[]): Promise<number> {
  type Tokens = Parameters<typeof plain.evaluateWithoutGeneratingNewTokens>[0];
  await plain.clearHistory();
  await plain.evaluateWithoutGeneratingNewTokens([...promptIds] as Tokens);
  const before = process.cpuUsage();
  for (const { ids } of chunks) await plain.evaluateWithoutGeneratingNewTokens([...ids] as Tokens);
  return since(before);
}

/** The library by itself on the same file, set up as the engine is. */
async function openPlain() {
  const { path: file } = await defaultModelFile();
  const { model } = await loadRuntime({ file, threads: 1, gpu: false });
  const context = await model.createContext({
    ...{ sequences: 1, contextSize: engineContextTokens, batchSize: 512, flashAttention: false },
    threads: { ideal: 1, min: 1 },
  });
  return context.getSequence();
}

function since(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
