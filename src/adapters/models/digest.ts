import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { HoldfastError } from "../../protocol/errors.ts";

/** SHA-256 of a whole file, lower-case hex. */
export async function digestOf(
  path: string,
  options: {
    readonly signal?: AbortSignal | undefined;
    readonly progress?: (bytes: number) => void;
  } = {},
): Promise<string> {
  const hash = createHash("sha256");
  let bytes = 0;
  const stream = createReadStream(path, { highWaterMark: 1024 * 1024, signal: options.signal });
  for await (const piece of stream as AsyncIterable<Buffer>) {
    hash.update(piece);
    bytes += piece.length;
    options.progress?.(bytes);
  }
  return hash.digest("hex");
}

/**
 * A note beside the cache that a file with this size and change time had this digest, so that a start need not read
 * gigabytes again. Whoever can forge the note can forge the file; it guards against accidents, the digest is what
 * counts.
 */
export interface DigestNote {
  readonly sha256: string;
  readonly bytes: number;
  readonly mtimeMs: number;
}

/** The digest noted for `path`, if the file still looks the same. Anything unreadable counts as no note. */
export async function notedDigest(notePath: string, path: string): Promise<string | undefined> {
  try {
    const note = JSON.parse(await readFile(notePath, "utf8")) as Partial<DigestNote> | null;
    const file = await stat(path);
    if (note?.bytes !== file.size || note.mtimeMs !== file.mtimeMs) return undefined;
    return typeof note.sha256 === "string" && /^[0-9a-f]{64}$/.test(note.sha256) ? note.sha256 : undefined;
  } catch {
    return undefined;
  }
}

/** Writes the note by rename, so that two processes writing it at once leave one whole note. */
export async function noteDigest(notePath: string, path: string, sha256: string): Promise<void> {
  const file = await stat(path);
  const note: DigestNote = { sha256, bytes: file.size, mtimeMs: file.mtimeMs };
  const temporary = `${notePath}.${process.pid}`;
  await writeFile(temporary, JSON.stringify(note));
  await rename(temporary, notePath);
}

/** A file whose bytes are not those that were promised. */
export function corrupt(file: string, expected: string, found: string): HoldfastError {
  return new HoldfastError("A model file is damaged: its SHA-256 is not the expected one.", {
    code: "model-corrupt",
    fault: "environment",
    remedy:
      "Delete the file if it was fetched: it will be fetched anew. If it is your own, or this happens twice, suspect the digest or the disk.",
    facts: { file, expected, found },
  });
}
