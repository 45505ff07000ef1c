import { createLlamaEngine } from "../src/adapters/llama/engine.ts";
import { cacheFolder } from "../src/adapters/models/cache-folder.ts";
import { defaultModel, fetchDefaultModel } from "../src/adapters/models/default-model.ts";
import type { TokenEngine } from "../src/ports.ts";

export const modelName = defaultModel.name;

/** As a provider of `holdfast up` has it: window of 2048, 1 thread, CPU. */
export const engineContextTokens = 2048;

export async function defaultModelFile() {
  return fetchDefaultModel({ cache: cacheFolder(process.env) });
}

export async function openDefaultEngine(slots: number): Promise<TokenEngine> {
  const { path: file, id: model } = await defaultModelFile();
  const options = { contextTokens: engineContextTokens, threads: 1, gpu: false } as const;
  return createLlamaEngine({ file, model, name: modelName, slots, ...options });
}
