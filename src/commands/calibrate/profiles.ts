import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { LlamaEngineOptions } from "../../adapters/llama/engine.ts";

/** How one recording engine computes. What is not named is as a provider has it. */
export interface Recipe {
  /** Name of a CPU library of the runtime, in place of the one picked for this machine. */
  readonly cpu?: string;
  readonly threads?: number;
  readonly batchTokens?: number;
  readonly flashAttention?: boolean;
  /** Others' jobs in the same steps. */
  readonly neighbours?: boolean;
  /** It finds an earlier prompt's beginning in its cache. */
  readonly warm?: boolean;
  readonly chunkTokens?: number;
}

/** A speaker and a witness that are honest, each in its own way. */
export interface HonestSeries {
  readonly name: string;
  readonly speaker: Recipe;
  readonly witness: Recipe;
}

/** What honest nodes differ by, on a CPU. Libraries this machine cannot run are left out. */
export function honestSeries(): HonestSeries[] {
  const [other, oldest] = ["sandybridge", "sse42"].filter((cpu) => cpuLibrary(cpu) !== undefined);
  const plain = {};
  return [
    { name: "chunks-of-8", speaker: plain, witness: { chunkTokens: 8 } },
    { name: "chunks-of-32", speaker: plain, witness: { chunkTokens: 32 } },
    { name: "two-threads", speaker: { threads: 2 }, witness: { threads: 2, batchTokens: 64 } },
    { name: "warm-cache", speaker: { warm: true }, witness: plain },
    { name: "neighbours", speaker: { neighbours: true }, witness: { neighbours: true } },
    { name: "flash-witness", speaker: plain, witness: { flashAttention: true } },
    { name: "schema", speaker: plain, witness: plain },
    { name: "schema-flash-witness", speaker: plain, witness: { flashAttention: true } },
    { name: "flash-speaker", speaker: { flashAttention: true }, witness: plain },
    ...(other === undefined
      ? []
      : [
          { name: `${other}-witness`, speaker: plain, witness: { cpu: other } },
          { name: `${other}-speaker`, speaker: { cpu: other }, witness: { flashAttention: true } },
        ]),
    ...(oldest === undefined
      ? []
      : [{ name: `${oldest}-witness`, speaker: plain, witness: { cpu: oldest } }]),
  ];
}

/** Options of the engine a recipe stands for. */
export function engineOptions(
  recipe: Recipe,
): Pick<LlamaEngineOptions, "threads" | "batchTokens" | "numerics"> {
  const { threads = 1, batchTokens, flashAttention } = recipe;
  return {
    threads,
    ...(batchTokens === undefined ? {} : { batchTokens }),
    ...(flashAttention === undefined ? {} : { numerics: { flashAttention } }),
  };
}

/** Has a process compute with this CPU library: the runtime registers what is named here before its own choice. */
export function cpuEnvironment(cpu: string): { readonly GGML_BACKEND_PATH: string } {
  const library = cpuLibrary(cpu);
  if (library === undefined) throw new RangeError(`the runtime has no CPU library ${cpu}`);
  return { GGML_BACKEND_PATH: library };
}

function cpuLibrary(cpu: string): string | undefined {
  try {
    const main = createRequire(import.meta.url).resolve("node-llama-cpp");
    const platform = `${process.platform}-${process.arch}`;
    const bins = join(dirname(main), "../../@node-llama-cpp", platform, "bins", platform);
    const file = readdirSync(bins).find((name) => name === `libggml-cpu-${cpu}.so`);
    return file === undefined ? undefined : join(bins, file);
  } catch {
    return undefined;
  }
}
