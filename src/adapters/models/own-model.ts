import { createHash } from "node:crypto";
import { mkdir, open, realpath, rename, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { HoldfastError } from "../../protocol/errors.ts";
import { corrupt, digestOf, noteDigest, notedDigest } from "./digest.ts";
import { diskError } from "./disk-error.ts";
import { download } from "./download.ts";
import { withLock } from "./lock.ts";
import { type FetchOptions, type ModelFile, modelIdOf } from "./model-file.ts";

/**
 * A model of one's own: a GGUF file, or a URL together with its SHA-256 (a URL alone would be whatever the server
 * felt like). Throws HoldfastError with fault user (`model-missing`, `not-a-model`, `digest-needed`, `bad-digest`,
 * `bad-url`) and those of fetchDefaultModel but pip's.
 */
export async function useModel(
  pathOrUrl: string,
  sha256: string | undefined,
  options: FetchOptions,
): Promise<ModelFile> {
  const expected = sha256 === undefined ? undefined : parseDigest(sha256);
  try {
    await mkdir(options.cache, { recursive: true });
    if (/^https?:\/\//i.test(pathOrUrl)) return await fetchUrl(pathOrUrl, expected, options);
    return await checkFile(resolve(pathOrUrl), expected, options);
  } catch (error) {
    throw diskError(error, options.cache);
  }
}

function parseDigest(text: string): string {
  const digest = text.toLowerCase().replace(/^sha256[:=]/, "");
  if (/^[0-9a-f]{64}$/.test(digest)) return digest;
  throw new HoldfastError("A SHA-256 is 64 hex digits.", {
    code: "bad-digest",
    fault: "user",
    remedy: "Copy the digest as its publisher names it, all of it.",
    facts: { given: text.slice(0, 80) },
  });
}

async function checkFile(
  path: string,
  expected: string | undefined,
  options: FetchOptions,
): Promise<ModelFile> {
  const file = await stat(path).catch(() => undefined);
  if (file === undefined || !file.isFile()) {
    throw new HoldfastError("There is no model file at this path.", {
      code: "model-missing",
      fault: "user",
      remedy: "Check the path; it must be a GGUF file this user may read.",
      facts: { file: path },
    });
  }
  await requireGguf(path);
  // The note lives in the cache: the file's own folder may be read-only, and is not ours.
  const key = createHash("sha256")
    .update(await realpath(path))
    .digest("hex")
    .slice(0, 32);
  const note = join(options.cache, `own-${key}.checked`);
  let found = await notedDigest(note, path);
  if (found === undefined) {
    found = await digestOf(path, {
      signal: options.signal,
      progress: (bytes) => options.progress?.({ step: "check", bytes, total: file.size }),
    });
    await noteDigest(note, path, found);
  }
  if (expected !== undefined && found !== expected) throw corrupt(path, expected, found);
  return { path, id: modelIdOf(found), bytes: file.size };
}

async function requireGguf(path: string): Promise<void> {
  const file = await open(path, "r").catch((error: unknown) => {
    throw new HoldfastError("The model file cannot be read.", {
      code: "model-missing",
      fault: "user",
      remedy: "Make it readable for this user, or give another path.",
      facts: { file: path },
      cause: error,
    });
  });
  try {
    const magic = Buffer.alloc(4);
    await file.read(magic, 0, 4, 0);
    if (magic.toString("latin1") === "GGUF") return;
  } finally {
    await file.close();
  }
  throw new HoldfastError("This file is not a GGUF model.", {
    code: "not-a-model",
    fault: "user",
    remedy: "Give a file in GGUF format (llama.cpp's), not a folder of safetensors or an archive.",
    facts: { file: path },
  });
}

async function fetchUrl(
  url: string,
  expected: string | undefined,
  options: FetchOptions,
): Promise<ModelFile> {
  if (expected === undefined) {
    throw new HoldfastError("A model given by URL needs its SHA-256.", {
      code: "digest-needed",
      fault: "user",
      remedy: "Give the digest its publisher names: --model URL --sha256 HEX",
    });
  }
  if (!URL.canParse(url)) {
    throw new HoldfastError("The model's URL is not one.", {
      code: "bad-url",
      fault: "user",
      remedy: "Write it as https://host/path/FILE.gguf.",
      facts: { given: url.slice(0, 80) },
    });
  }
  const { signal } = options;
  const path = join(options.cache, `${expected}.gguf`);
  const there = async () => (await stat(path).catch(() => undefined))?.isFile() === true;
  if (!(await there())) {
    await withLock(
      `${path}.lock`,
      async () => {
        if (await there()) return;
        const part = `${path}.part`;
        await download(url, {
          signal,
          part,
          folder: options.cache,
          spareBytes: 0,
          progress: (bytes, total) => options.progress?.({ step: "download", bytes, total }),
        });
        const found = await digestOf(part, { signal });
        // Kept under another name: deleting gigabytes over a mistyped digest would be unkind.
        if (found !== expected) {
          await rename(part, `${path}.wrong`);
          throw corrupt(`${path}.wrong`, expected, found);
        }
        await rename(part, path);
      },
      { signal },
    );
  }
  return checkFile(path, expected, options);
}
