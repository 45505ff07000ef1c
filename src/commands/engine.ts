import { createLlamaEngine } from "../adapters/llama/engine.ts";
import { openTokenizer } from "../adapters/llama/tokenizer.ts";
import { isOnnxFile, readOnnxModel } from "../adapters/models/onnx-model.ts";
import { createOnnxEngine } from "../adapters/onnx/engine.ts";
import { createOpenAiEngine } from "../adapters/openai/engine.ts";
import { createLlamaServerEngine } from "../adapters/openai/llama-server-engine.ts";
import { createVllmEngine } from "../adapters/openai/vllm-engine.ts";
import { watchCondition } from "../adapters/synthetic/ailment.ts";
import { createSyntheticEngine } from "../adapters/synthetic/engine.ts";
import { systemClock as clock } from "../adapters/system/clock.ts";
import { systemRandom as random } from "../adapters/system/random.ts";
import type { ModelId } from "../domain/ids.ts";
import type { EmbeddingEngine, Engine, TokenEngine } from "../ports.ts";
import { HoldfastError } from "../protocol/errors.ts";
import { parseUpstreams } from "../protocol/upstreams.ts";
import { obtainModel } from "./model.ts";
import type { Settings } from "./settings.ts";
import { readKey } from "./upstream-key.ts";

const slotsDefault = 4;
const contextTokensDefault = 2048;

/** What a provider serves: a model of its own, or the server named with `--upstream`. */
export async function openEngine(settings: Settings, signal: AbortSignal): Promise<Engine> {
  const { slots = slotsDefault, contextTokens = contextTokensDefault, threads = 1 } = settings;
  if (settings.engine === "llama-server") return openLlamaServer(settings, { slots, contextTokens }, signal);
  if (settings.engine === "vllm") return openVllm(settings, { slots, contextTokens }, signal);
  if ((settings.upstreams ?? []).length > 0) return openUpstream(settings, { slots, contextTokens });
  if (settings.engine === "synthetic") return openSynthetic(settings, contextTokens);
  const { model: file } = settings;
  if (file !== undefined && isOnnxFile(file)) return openOnnx(settings, file, settings.sha256);
  const model = await obtainModel(settings, signal);
  return createLlamaEngine({
    ...{ file: model.path, model: model.id, name: model.name, slots, contextTokens, threads },
    // A whole network on one machine would fight over its one GPU.
    gpu: settings.local ? false : "auto",
  });
}

/** Has it weights of its own to compute a dispute with? */
export function canReferee({ upstreams, engine, model = "" }: Settings): boolean {
  return (upstreams ?? []).length === 0 && engine !== "synthetic" && !isOnnxFile(model);
}

/** The same model as referees compute it: one sequence, one thread, no GPU, no flash attention, its own memory. */
export async function openReferenceEngine(settings: Settings, signal: AbortSignal): Promise<TokenEngine> {
  const { path: file, id: model, name } = await obtainModel(settings, signal);
  const { contextTokens = contextTokensDefault } = settings;
  return createLlamaEngine({ file, model, name, slots: 1, contextTokens, threads: 1, gpu: false });
}

/** More than other engines: it takes no processor, and the network is what is being loaded. */
const syntheticSlotsDefault = 64;
const syntheticPaceDefault = 30;

function openSynthetic({ home, slots, pace }: Settings, contextTokens: number): Engine {
  return createSyntheticEngine(
    { clock, condition: watchCondition(home) },
    { contextTokens, slots: slots ?? syntheticSlotsDefault, pace: pace ?? syntheticPaceDefault },
  );
}

/** Texts to embed are short, and while one is computed the node hears nothing. */
const embeddingTokensDefault = 512;

/** What it serves beside that: the model of `--embeddings`. */
export async function openEmbeddings({ embeddings, ...settings }: Settings): Promise<EmbeddingEngine[]> {
  if (embeddings === undefined) return [];
  return [await openOnnx({ ...settings, contextTokens: embeddingTokensDefault }, embeddings)];
}

async function openOnnx(
  settings: Partial<Settings>,
  path: string,
  sha256?: string,
): Promise<EmbeddingEngine> {
  const { slots = slotsDefault, contextTokens = embeddingTokensDefault, threads = 1 } = settings;
  const { id: model, model: file, ...rest } = await readOnnxModel(path, sha256);
  return createOnnxEngine({ ...rest, file, model, slots, contextTokens, threads });
}

interface Room {
  readonly slots: number;
  readonly contextTokens: number;
}

/** The operator vouches for which file the server serves: its digest alone, or a file or URL that is hashed here. */
async function openLlamaServer(settings: Settings, room: Room, signal: AbortSignal): Promise<Engine> {
  const [upstream, ...more] = parseUpstreams(settings.upstreams ?? []);
  if (upstream === undefined || more.length > 0) throw badUpstream("http://127.0.0.1:8080");
  const { url, key, model: named, name } = upstream;
  const isDigestOnly = settings.model === undefined && settings.sha256 !== undefined;
  const model = isDigestOnly
    ? { id: `sha256:${settings.sha256!.toLowerCase()}` as ModelId, name: named ?? name }
    : await obtainModel(settings, signal);
  return createLlamaServerEngine(
    { random },
    {
      ...{ url, model: model.id, name: named ?? model.name, ...room },
      ...(key === undefined ? {} : { key: readKey(key, name, process.env) }),
    },
    signal,
  );
}

/** Its ids and its text are those of the model's file, which every other node goes by: so the file has to be here. */
async function openVllm(settings: Settings, room: Room, signal: AbortSignal): Promise<Engine> {
  const [upstream, ...more] = parseUpstreams(settings.upstreams ?? []);
  if (upstream?.model === undefined || more.length > 0) throw badUpstream("http://127.0.0.1:8000,model=NAME");
  const { url, key, model: upstreamModel, name } = upstream;
  const { path, id: model, name: named } = await obtainModel(settings, signal);
  const words = await openTokenizer(path);
  try {
    const engine = await createVllmEngine(
      { words },
      {
        ...{ url, upstreamModel, model, name: named, ...room },
        ...(key === undefined ? {} : { key: readKey(key, name, process.env) }),
      },
      signal,
    );
    return {
      ...engine,
      async close() {
        await engine.close();
        await words.close();
      },
    };
  } catch (error) {
    await words.close();
    throw error;
  }
}

function badUpstream(example: string): HoldfastError {
  return new HoldfastError("A provider serves one upstream, under the name its model has there.", {
    code: "bad-upstream",
    fault: "user",
    remedy: `Name one: --upstream '${example}'; start a provider for each further one.`,
  });
}

function openUpstream(settings: Settings, room: Room): Engine {
  const [upstream, ...more] = parseUpstreams(settings.upstreams ?? []);
  if (upstream?.model === undefined || more.length > 0)
    throw badUpstream("http://127.0.0.1:8000/v1,model=NAME");
  const { url, key, model, name } = upstream;
  return createOpenAiEngine({
    ...{ url, upstreamModel: model, name: model, ...room },
    ...(key === undefined ? {} : { key: readKey(key, name, process.env) }),
    ...(settings.resume === undefined ? {} : { resume: settings.resume }),
  });
}
