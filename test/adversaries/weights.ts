import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { fetchDefaultModel } from "../../src/adapters/models/default-model.ts";

/** The default model with other weights: encoded in 4 or 8 bits, cut to eight levels, or moved by two per cent. */
export type AlteredWeights = "q4_0" | "q8_0" | "three-bit" | "noise";

const run = promisify(execFile);
const python = "gguf==0.17.1";

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
  const interpreter = await interpreterIn(folder);
  await run(interpreter, [join(import.meta.dirname, "requantise.py"), source, draft, kind]);
  renameSync(draft, file);
  return file;
}

/** A Python of its own, so that nothing is installed into the machine's. */
async function interpreterIn(folder: string): Promise<string> {
  const ready = join(folder, "python", "bin", "python");
  if (existsSync(ready)) return ready;
  const draft = join(folder, `python.${process.pid}`);
  await run("python3", ["-m", "venv", draft]);
  await run(join(draft, "bin", "python"), ["-m", "pip", "install", "--quiet", python]);
  if (!existsSync(ready)) renameSync(draft, join(folder, "python"));
  return ready;
}
