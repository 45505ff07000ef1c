import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { fetchDefaultModel } from "../../src/adapters/models/default-model.ts";
import { pythonWith } from "../rigs/python.ts";

/** The default model with other weights: encoded in 4 or 8 bits, cut to eight levels, or moved by two per cent. */
export type AlteredWeights = "q4_0" | "q8_0" | "three-bit" | "noise";

const run = promisify(execFile);

/**
 * Path of a model file with altered weights, made once with the `gguf` Python package and kept beside the models. Two
 * processes may make the same file at once; both come to the same bytes.
 */
export async function alteredWeights(kind: AlteredWeights): Promise<string> {
  const cache = cacheFolder(process.env);
  const folder = join(cache, "altered");
  const file = join(folder, `${kind}.gguf`);
  if (existsSync(file)) return file;
  const { path: source } = await fetchDefaultModel({ cache });
  mkdirSync(folder, { recursive: true });
  const draft = `${file}.${process.pid}`;
  await run(await pythonWith("gguf==0.17.1"), [
    join(import.meta.dirname, "requantise.py"),
    source,
    draft,
    kind,
  ]);
  renameSync(draft, file);
  return file;
}
