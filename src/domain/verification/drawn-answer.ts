import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { Address, SessionKey } from "../ids.ts";
import type { JobSpec } from "../inference/spec.ts";
import { specDigest } from "./answer-id.ts";
import { type Hex32, nodeBytes } from "./committee.ts";
import { digest } from "./digest.ts";
import { type Draw, drawSeed } from "./sortition.ts";

/**
 * Answers whose executor and witnesses are drawn, and with them the sampler's seed. What is asked is fixed by its hash,
 * and told to providers together with the block that will decide, while that block does not exist. Each notes what it
 * was told and the height of its own chain; asked to take part, it computes everything again by the block's hash.
 */

/** A request before its block: whoever is told this can tell whether it was kept, and cannot tell what is asked. */
export interface Announced {
  /** `requestDigest`. */
  readonly request: Hex32;
  /** The block whose hash draws. In it, so that nobody can walk past beacons for one that suits. */
  readonly block: number;
  /** Witnesses wanted: they decide how many seats there are. */
  readonly witnesses: number;
}

/** What a node signs about it: it was told when the chain, as it sees it, had come no further than this. */
export interface Note {
  readonly node: Address;
  readonly sessionKey: SessionKey;
  readonly head: number;
  /** Ed25519 by the session key over `noteBytes`, base64. */
  readonly signature: string;
}

/** What a receipt says of how its executor, its witnesses and its seed came about. */
export interface DrawnAnswer extends Announced {
  /** The block's hash. */
  readonly beacon: Hex32;
  /** The client's own seed, before the beacon was mixed in. */
  readonly seed: Hex32;
  /** The limit as it was asked for; an answer may have room for less. */
  readonly limit: number;
  readonly notes: readonly Note[];
}

/** Everything that is asked, by the client's own seed; `tokensMax` as it was asked for. Its job's random id salts it. */
export function requestDigest({ job, model, prompt, sampling, tokensMax }: JobSpec): Hex32 {
  const spec = hexToBytes(specDigest(model, sampling, tokensMax));
  const words =
    prompt.kind === "text" ? [prompt.text] : prompt.messages.flatMap(({ role, content }) => [role, content]);
  return bytesToHex(digest("request", hexToBytes(job), spec, prompt.kind, ...words));
}

export function noteBytes(
  { request, block, witnesses }: Announced,
  { node, head }: Pick<Note, "node" | "head">,
): Uint8Array {
  return digest("note", hexToBytes(request), block, witnesses, nodeBytes(node), head);
}

/** Who may speak and witness, the executor first: by stake, among all that is staked, lowest hash first. */
export function answerDraw({ request, block, witnesses }: Announced, beacon: Hex32): Draw {
  const subject = bytesToHex(digest("drawn answer", hexToBytes(request), block, witnesses));
  return { seed: drawSeed(beacon, subject), seats: seatsOf(witnesses), excluded: [] };
}

/**
 * Twice as many seats as are needed, since stake that serves other models, or is down, is drawn as well: of very many
 * equal nodes three or more have one of six seats in 94 of 100 draws. More seats would let a gateway choose more freely
 * among those that have one.
 */
function seatsOf(witnesses: number): number {
  return 2 * (1 + witnesses);
}
