import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, open, stat, truncate } from "node:fs/promises";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Dispatcher, fetch, type Response } from "undici";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { requireSpace } from "./disk-error.ts";
import { createDispatcher } from "./dispatcher.ts";

export interface DownloadOptions {
  /** Partly written file to go on with; left in place when the download fails. */
  readonly part: string;
  /** Folder of `part`, for the space check. */
  readonly folder: string;
  /** Bytes needed on top of the download itself (what will be unpacked from it). */
  readonly spareBytes: number;
  readonly progress: (bytes: number, total: number | undefined) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Brings all of `url` into `part`, going on from what is there. A broken connection is tried again from where it
 * broke, as long as something keeps arriving. Checks no digest: that is the caller's. Errors name no host.
 */
export async function download(url: string, options: DownloadOptions): Promise<void> {
  const source = new URL(url);
  if (source.protocol === "file:") return copyFile(fileURLToPath(source), options);
  if (source.protocol !== "https:" && source.protocol !== "http:") {
    throw new HoldfastError("A model can be fetched over http and https only.", {
      code: "bad-url",
      fault: "user",
      remedy: "Name an http or https address, or fetch the file yourself: npm start -- --model FILE.gguf",
      facts: { protocol: source.protocol },
    });
  }
  const dispatcher = await createDispatcher();
  try {
    let failed = 0;
    while (failed < limits.fetchTriesMax) {
      const before = await sizeOf(options.part);
      const outcome = await downloadOnce(source, dispatcher, before, options);
      if (outcome.done) return;
      failed = outcome.bytes > before ? 1 : failed + 1;
      if (failed >= limits.fetchTriesMax) throw outcome.error;
      await sleep(Math.min(125 * 2 ** failed, 4000), undefined, { signal: options.signal });
    }
  } finally {
    await dispatcher.destroy();
  }
}

type Outcome =
  | { readonly done: true }
  | { readonly done: false; readonly bytes: number; readonly error: HoldfastError };

async function downloadOnce(
  source: URL,
  dispatcher: Dispatcher,
  before: number,
  options: DownloadOptions,
): Promise<Outcome> {
  let written = before;
  try {
    const response = await request(source, dispatcher, before, options.signal);
    const start = startOf(response, before);
    if (start === "complete") return { done: true };
    if (start === "overrun") {
      // More is on disk than there is to fetch: remains of another file. Begin anew.
      await truncate(options.part, 0);
      return { done: false, bytes: 0, error: interrupted(undefined, 0) };
    }
    const total = totalOf(response, start);
    if (total !== undefined) await requireSpace(options.folder, total - start + options.spareBytes);
    const file = await openPart(options.part, start);
    try {
      written = await writeBody(response, file, start, total, options);
      await file.sync();
    } finally {
      await file.close();
    }
    if (total !== undefined && written < total) throw new Error("the connection ended early");
    return { done: true };
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof HoldfastError) throw error;
    if (isDiskError(error)) throw error;
    return { done: false, bytes: await sizeOf(options.part), error: interrupted(error, written) };
  }
}

function request(
  source: URL,
  dispatcher: Dispatcher,
  from: number,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (from > 0) headers["range"] = `bytes=${from}-`;
  return fetch(source, { dispatcher, headers, signal: signal ?? null });
}

/** Offset the body starts at. A server that ignores ranges starts over, which costs time and nothing else. */
function startOf(response: Response, asked: number): number | "complete" | "overrun" {
  if (response.status === 200) return 0;
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get("content-range") ?? "");
  if (response.status === 206 && range !== null && Number(range[1]) <= asked) return Number(range[1]);
  if (response.status === 416) {
    const total = /^bytes \*\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
    return total === undefined || Number(total) === asked ? "complete" : "overrun";
  }
  throw new HoldfastError("The server with the model answered with an error.", {
    code: "fetch-refused",
    fault: "environment",
    retryable: response.status >= 500 || response.status === 429,
    remedy: "Try again later, or bring the file yourself: npm start -- --model FILE.gguf",
    facts: { status: response.status },
  });
}

function totalOf(response: Response, start: number): number | undefined {
  const length = response.headers.get("content-length");
  return length !== null && /^\d+$/.test(length) ? start + Number(length) : undefined;
}

async function openPart(path: string, start: number): Promise<FileHandle> {
  const exists = (await sizeOf(path)) > 0;
  const file = await open(path, exists ? "r+" : "w");
  if (start === 0 && exists) await file.truncate(0);
  return file;
}

async function writeBody(
  response: Response,
  file: FileHandle,
  start: number,
  total: number | undefined,
  options: DownloadOptions,
): Promise<number> {
  let at = start;
  options.progress(at, total);
  for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
    if (at + piece.length > limits.modelBytesMax) {
      throw new HoldfastError("The download is larger than any model Holdfast accepts.", {
        code: "fetch-oversize",
        fault: "environment",
        remedy: "Check the URL, or bring the file yourself: npm start -- --model FILE.gguf",
        facts: { bytesMax: limits.modelBytesMax },
      });
    }
    await file.write(piece, 0, piece.length, at);
    at += piece.length;
    options.progress(at, total);
  }
  return at;
}

async function copyFile(from: string, options: DownloadOptions): Promise<void> {
  const total = await sizeOf(from);
  await requireSpace(options.folder, total + options.spareBytes);
  let at = 0;
  const meter = new Transform({
    transform(piece: Buffer, _encoding, done) {
      at += piece.length;
      options.progress(at, total);
      done(null, piece);
    },
  });
  await pipeline(createReadStream(from), meter, createWriteStream(options.part), { signal: options.signal });
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

function isDiskError(error: unknown): boolean {
  return (
    error instanceof Error &&
    "syscall" in error &&
    "code" in error &&
    /^E(NOSPC|DQUOT|ACCES|PERM|ROFS|IO)$/.test(String(error.code))
  );
}

function interrupted(error: unknown, bytes: number): HoldfastError {
  return new HoldfastError("The download of the model was interrupted.", {
    code: "fetch-interrupted",
    fault: "environment",
    retryable: true,
    remedy: "Start again when the network is back: it goes on from where it stopped.",
    facts: { reason: reasonOf(error), bytes },
  });
}

/** A short code (`ECONNRESET`, `UND_ERR_BODY_TIMEOUT`); never the message, which names hosts. */
function reasonOf(error: unknown): string {
  for (let e: unknown = error, depth = 0; e instanceof Error && depth < 5; e = e.cause, depth += 1) {
    if ("code" in e && typeof e.code === "string") return e.code;
  }
  return "connection lost";
}
