import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { fetchDefaultModel } from "../../src/adapters/models/default-model.ts";
import { pythonWith } from "./python.ts";

const run = promisify(execFile);

/** Half of them: what a text is about is clearest in the middle of a language model. */
const layers = 15;

/**
 * Path of an ONNX model that embeds: the first layers of the default model in fp32, made once with the `gguf` and
 * `onnx` Python packages and kept beside the models. Two processes may make it at once; both come to the same bytes.
 */
export async function embeddingModel(): Promise<string> {
  const cache = cacheFolder(process.env);
  const folder = join(cache, "altered", `smollm2-135m-embed-${layers}`);
  const file = join(folder, "model.onnx");
  if (existsSync(file)) return file;
  const { path: source } = await fetchDefaultModel({ cache });
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  const python = await pythonWith("gguf==0.17.1", "onnx==1.23.2");
  await run(python, [join(import.meta.dirname, "embedding-model.py"), source, draft, String(layers)]);
  if (existsSync(file)) rmSync(draft, { recursive: true });
  else renameSync(draft, folder);
  return file;
}
