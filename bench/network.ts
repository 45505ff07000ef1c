import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type LiveNetwork, startLiveNetwork } from "../test/rigs/live-network.ts";
import { type OnPiece, type Streamed, streamChat } from "../test/rigs/stream.ts";
import { modelName } from "./default-engine.ts";
import { guarded, mayLeave } from "./processes.ts";
import type { Question } from "./prompts.ts";

export const nodes = 5;

/** A network as `holdfast up` starts it, for as long as `use` takes. */
export async function withNetwork<T>(use: (network: LiveNetwork) => Promise<T>): Promise<T> {
  const network = await startLiveNetwork({ nodes });
  mayLeave(network.home);
  const run = JSON.parse(readFileSync(join(network.home, "run.json"), "utf8")) as { up: { pid: number } };
  guarded(run.up.pid);
  try {
    return await use(network);
  } finally {
    await network.stop();
  }
}

export interface Ask extends Question {
  readonly tokensMax: number;
  readonly finality?: "stream" | "none";
  readonly onPiece?: OnPiece;
}

/** One streamed answer with all defaults but those named. */
export function askNetwork(url: string, ask: Ask): Promise<Streamed> {
  const { messages, temperature, seed, tokensMax, finality, onPiece } = ask;
  const body = { model: modelName, messages, temperature, seed, max_tokens: tokensMax };
  const holdfast = finality === undefined ? {} : { holdfast: { finality } };
  return streamChat(url, { ...body, ...holdfast }, onPiece === undefined ? {} : { onPiece });
}

/** Is it whole, and did nobody object to it? */
export function isSound(seen: Streamed): boolean {
  return seen.done && seen.error === undefined && seen.finish !== undefined && seen.end?.verdict === "valid";
}
