import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { Hex32 } from "./committee.ts";
import { digest } from "./digest.ts";

/**
 * The sampler's seed of a job whose committee is drawn: the client's seed with a beacon later than the request mixed
 * in, so that neither the client nor a node can try seeds until an answer suits it. A client's own committee takes
 * the client's seed as it is, fixed before the executor is asked, so that the same seed gives the same answer.
 */
export function drawnSeed(clientSeed: Hex32, beacon: Hex32): Hex32 {
  return bytesToHex(digest("seed", hexToBytes(clientSeed), hexToBytes(beacon)));
}
