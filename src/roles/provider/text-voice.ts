import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import type { Chunk } from "../../domain/inference/chunk.ts";
import { noMargins } from "../../domain/verification/margin-tally.ts";
import type { TextEngine } from "../../ports.ts";
import type { OpenOrder } from "../../protocol/attempt.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import type { Answer } from "./answer.ts";
import type { Voice } from "./voice.ts";

/** Speaks with an engine that only gives text. Its token ids are Unicode code points, so positions count characters. */
export async function openTextVoice(
  engine: TextEngine,
  open: OpenOrder,
  signal: AbortSignal,
): Promise<Voice> {
  if ((open.sampling.minP ?? 0) > 0)
    throw new HoldfastError("this engine is not known to honour min_p", { code: "engine", fault: "peer" });
  if (open.sampling.schema !== undefined)
    throw new HoldfastError("this engine cannot hold an answer to a schema", {
      code: "engine",
      fault: "peer",
    });
  let stream: AsyncGenerator<string, "stop" | "length"> | undefined;
  let waiting: number[] = [];
  let end: Chunk["end"];

  return {
    profile: engine.profile,
    promptTokens: 0,
    promptDigest: bytesToHex(sha256(utf8ToBytes(JSON.stringify(open.prompt)))),
    tokensMax: open.tokensMax ?? open.tokensDefault,
    prepare: async () => {},
    speak,
    async judge() {
      if (engine.resume) return undefined;
      throw new HoldfastError("this engine neither judges another's words nor goes on from them", {
        code: "cannot-witness",
        fault: "peer",
      });
    },
    leaves: () => undefined,
    margins: () => noMargins,
    async drop() {
      await stream?.return("stop");
      stream = undefined;
      waiting = [];
      end = undefined;
    },
    close() {
      stream?.return("stop").catch(() => {});
    },
  };

  async function speak(answer: Answer): Promise<Omit<Chunk, "signature"> | undefined> {
    stream ??= engine.speak(
      {
        prompt: open.prompt,
        begun: answer.text,
        tokensMax: open.tokensMax ?? open.tokensDefault,
        ...open.sampling,
      },
      signal,
    );
    while (waiting.length === 0 && end === undefined) {
      const piece = await stream.next();
      if (piece.done) end = piece.value;
      else waiting = [...piece.value].map((character) => character.codePointAt(0)!);
    }
    const ids = waiting.slice(0, limits.chunkTokensMax);
    waiting = waiting.slice(limits.chunkTokensMax);
    const text = String.fromCodePoint(...ids);
    return { start: answer.end, ids, text, ...(end !== undefined && waiting.length === 0 ? { end } : {}) };
  }
}
