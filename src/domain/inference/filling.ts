import type { Ms } from "../ids.ts";

/**
 * When a speaker closes a chunk. Small chunks cost a witness more per token and a signature each; large ones lose
 * more when the speaker dies and keep the application waiting. The first chunk is one token (time to first token);
 * after it a chunk is filled for a third of the hold budget, at most `fillMsMost`, so that filling, carrying and
 * judging it fit in the budget together.
 */
export function isChunkFull(chunk: { tokens: number; first: boolean; openMs: Ms }, holdMs: Ms): boolean {
  if (chunk.tokens === 0) return false;
  if (chunk.first || chunk.tokens >= chunkTokensMost) return true;
  return chunk.openMs >= Math.min(holdMs / 3, fillMsMost);
}

/** More would delay the switch after a loss: what fills when a speaker dies has to be said again by the next. */
const fillMsMost: Ms = 80;
/** As `limits.chunkTokensMax`: above it CPU kernels change, and honest judgements with them. */
const chunkTokensMost = 32;
