import { readFile } from "node:fs/promises";
import type { Llama, LlamaModel } from "node-llama-cpp";
import { HoldfastError } from "../../protocol/errors.ts";

export type LlamaPackage = typeof import("node-llama-cpp");

export interface Runtime {
  readonly vendor: LlamaPackage;
  readonly llama: Llama;
  readonly model: LlamaModel;
}

/**
 * Loads the native runtime and a model. The package is optional (a gateway over plain upstreams needs none), so it
 * is imported here and nowhere else at run time. Never builds or downloads anything. Throws HoldfastError
 * `engine-missing`, `engine-unusable`, `model-unloadable`.
 */
export async function loadRuntime(options: {
  readonly file: string;
  readonly threads: number;
  readonly gpu: "auto" | false;
  /** Its words without its weights. */
  readonly vocabularyOnly?: boolean;
}): Promise<Runtime> {
  const vendor = await importPackage();
  const llama = await startLlama(vendor, options);
  try {
    const model = await llama.loadModel({
      modelPath: options.file,
      vocabOnly: options.vocabularyOnly ?? false,
      ...(llama.gpu === false ? { gpuLayers: 0 } : {}),
    });
    return { vendor, llama, model };
  } catch (error) {
    await llama.dispose();
    throw new HoldfastError("The model file could not be loaded.", {
      code: "model-unloadable",
      fault: "environment",
      remedy:
        "Check that it is a whole GGUF file of a language model and that it fits the memory of this machine.",
      facts: { file: options.file, reason: reasonOf(error) },
      cause: error,
    });
  }
}

async function importPackage(): Promise<LlamaPackage> {
  try {
    return await import("node-llama-cpp");
  } catch (error) {
    throw new HoldfastError("The model runtime is not installed.", {
      code: "engine-missing",
      fault: "environment",
      remedy:
        "npm install node-llama-cpp@3.22.1, or serve an upstream instead: holdfast provider --upstream URL",
      cause: error,
    });
  }
}

async function startLlama(
  vendor: LlamaPackage,
  options: { readonly threads: number; readonly gpu: "auto" | false },
): Promise<Llama> {
  try {
    return await vendor.getLlama({
      gpu: options.gpu,
      build: "never",
      skipDownload: true,
      progressLogs: false,
      logLevel: vendor.LlamaLogLevel.error,
      // Its messages go to the console by default; what matters arrives as an exception.
      logger: () => undefined,
      maxThreads: options.threads,
    });
  } catch (error) {
    throw new HoldfastError("The model runtime has no binary for this machine.", {
      code: "engine-unusable",
      fault: "environment",
      remedy: `Install @node-llama-cpp/${process.platform}-${process.arch}@3.22.1, or build one: npx node-llama-cpp source`,
      facts: { platform: `${process.platform}-${process.arch}`, reason: reasonOf(error) },
      cause: error,
    });
  }
}

function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!.slice(0, 200);
}

/** What of the arithmetic can be chosen. The rest follows from the machine and the package. */
export interface Numerics {
  /** "auto" is never used: it would make the arithmetic depend on what a node happens to have. */
  readonly flashAttention: boolean;
  /** How keys and values are kept; below f16 it shows in the logits, and in the profile. */
  readonly kv: "f16" | "q8_0" | "q4_0";
}

/**
 * Everything that decides the last bits of a logit, in one line: package, llama.cpp release, backend, the CPU build
 * picked at run time, KV type, flash attention. Two nodes with one profile agree to the bit on one schedule.
 */
export async function profileOf(
  { vendor, llama }: Runtime,
  { flashAttention, kv }: Numerics,
): Promise<string> {
  const version = await vendor.getModuleVersion();
  const backend = llama.gpu === false ? `cpu-${await cpuVariant(llama)}` : String(llama.gpu);
  const release = `${llama.llamaCppRelease.repo}@${llama.llamaCppRelease.release}`;
  return `node-llama-cpp@${version} ${release} ${backend} kv=${kv} fa=${flashAttention ? "on" : "off"}`;
}

/**
 * Name of the CPU library that computes (`haswell`, `zen4`, …), else the instruction sets it reports. One that the
 * environment names is registered first, beside the runtime's own choice.
 */
async function cpuVariant(llama: Llama): Promise<string> {
  const named = library.exec(process.env["GGML_BACKEND_PATH"] ?? "")?.[1];
  if (named !== undefined) return named;
  const maps = await readFile("/proc/self/maps", "utf8").catch(() => "");
  const found = library.exec(maps)?.[1];
  if (found !== undefined) return found;
  return [...llama.systemInfo.matchAll(/(\w+) = 1/g)].map((match) => match[1]!.toLowerCase()).join("+");
}

const library = /libggml-cpu-([a-z0-9_]+)\.(?:so|dylib|dll)/;
