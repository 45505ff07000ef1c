import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "../../src/adapters/models/cache-folder.ts";
import { fetchDefaultModel } from "../../src/adapters/models/default-model.ts";
import { freePorts } from "../../src/adapters/process/free-ports.ts";
import { cleanEnvironment } from "./command.ts";
import { pythonWith } from "./python.ts";
import { until } from "./until.ts";

const run = promisify(execFile);

/** As it is asked to compute, and as the weights are written: an operator's choice, and one that moves logits. */
export type VllmKind = "float32" | "bfloat16";

export interface VllmServerRig {
  readonly url: string;
  stop(): Promise<void>;
}

/** A minute where nothing else runs; it imports much, and has a processor to share. */
const startMsMax = 600_000;

/**
 * A real vLLM over the default model, in processes of its own; it calls it `served`. It shows as many candidates as a
 * witness looks at, and has one token more of room than the network's windows. Not compiled: that takes minutes here.
 */
export async function startVllm(kind: VllmKind): Promise<VllmServerRig> {
  const python = await installed();
  const model = await writtenFor(python, kind);
  const [port] = await freePorts(1);
  const what = [
    "--model",
    model,
    "--served-model-name",
    "served",
    "--dtype",
    kind,
    "--max-model-len",
    "2049",
  ];
  const how = ["--max-logprobs", "64", "--enforce-eager", "--host", "127.0.0.1", "--port", String(port)];
  const child = spawn(python, [join(import.meta.dirname, "vllm-server.py"), ...what, ...how], {
    env: environment(python),
    stdio: ["pipe", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-8_000);
    });
  child.stdin.on("error", () => {});
  let isOver = false;
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  void ended.then(() => {
    isOver = true;
  });
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.stdin.end();
    await ended;
  };
  const isUp = async () => isOver || (await fetch(`${url}/health`).catch(() => undefined))?.ok === true;
  await until(isUp, startMsMax, "vLLM serves");
  if (isOver) throw new Error(`vLLM ended instead of serving:\n${said}`);
  return { url, stop };
}

/** Python, vLLM and the PyTorch it needs, 5.5 GB once unpacked: installed once, and kept beside the models. */
async function installed(): Promise<string> {
  const pinned = readFileSync(join(import.meta.dirname, "vllm-server.txt"), "utf8");
  return pythonWith("--no-deps", ...pinned.split("\n").filter((line) => /^\w/.test(line)));
}

/** What it compiles for this machine is kept with it, so that nothing is left elsewhere; it asks nobody for anything. */
function environment(python: string): NodeJS.ProcessEnv {
  const bin = join(python, "..");
  const made = join(bin, "../made");
  return cleanEnvironment({
    ...{ PATH: `${bin}:${process.env["PATH"]}`, HF_HUB_OFFLINE: "1", HF_HOME: made, VLLM_CACHE_ROOT: made },
    ...{ TORCHINDUCTOR_CACHE_DIR: join(made, "inductor"), VLLM_NO_USAGE_STATS: "1" },
    ...{ VLLM_CPU_KVCACHE_SPACE: "1", VLLM_CPU_OMP_THREADS_BIND: "nobind", OMP_NUM_THREADS: "1" },
  });
}

/** The default model's weights in a folder as vLLM reads one, made once. Two processes may make it at once. */
async function writtenFor(python: string, kind: VllmKind): Promise<string> {
  const cache = cacheFolder(process.env);
  const folder = join(cache, "altered", `vllm-${kind}`);
  if (existsSync(folder)) return folder;
  const { path } = await fetchDefaultModel({ cache });
  const draft = `${folder}.${process.pid}`;
  mkdirSync(draft, { recursive: true });
  await run(python, [join(import.meta.dirname, "vllm-model.py"), path, draft, kind]);
  if (existsSync(folder)) rmSync(draft, { recursive: true });
  else renameSync(draft, folder);
  return folder;
}
