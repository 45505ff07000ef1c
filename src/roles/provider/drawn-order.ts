import {
  type Announced,
  answerDraw,
  noteBytes,
  requestDigest,
} from "../../domain/verification/drawn-answer.ts";
import { drawnSeed } from "../../domain/verification/seed.ts";
import { seated } from "../../domain/verification/sortition.ts";
import type { Beacons, Clock, Signer } from "../../ports.ts";
import type { OpenOrder, Order, Word } from "../../protocol/attempt.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { awaitBeacon } from "../committee/beacon-wait.ts";
import type { Notes } from "./notes.ts";
import type { Identity } from "./testimony.ts";

export interface DrawnOrderPorts extends Pick<Identity, "node"> {
  readonly signer: Signer;
  readonly clock: Clock;
  /** Without either this node takes no part in answers whose members are drawn. */
  readonly beacons?: Beacons;
  readonly notes?: Notes;
}

/**
 * Notes what is announced, if by this node's own chain its block is still to come, and soon. Throws HoldfastError `not-drawn` (fault
 * peer): nobody may have seen the block already, so while the chain is away nothing is noted.
 */
export async function noteAnnounced(
  { node, signer, beacons, notes }: DrawnOrderPorts,
  { request, block, witnesses }: Extract<Order, { t: "announce" }>,
): Promise<Extract<Word, { t: "noted" }>> {
  const head = await beacons?.head();
  if (head === undefined || notes === undefined) throw notDrawn("this node sees no chain to be drawn by");
  if (head >= block) throw notDrawn(`block ${block} is there already: the chain is at ${head}`);
  if (block > head + limits.blocksAheadMax)
    throw notDrawn(`block ${block} is too far off: the chain is at ${head}`);
  const announced = { request, block, witnesses };
  notes.put(announced);
  return { t: "noted", head, signature: signer.sign(noteBytes(announced, { node, head })) };
}

/** What had to be announced for this order to be followed; undefined where nobody was drawn. */
export function announcedBy({
  job,
  model,
  prompt,
  sampling,
  tokensMax,
  tokensDefault,
  drawn,
}: OpenOrder): Announced | undefined {
  if (drawn === undefined) return undefined;
  const { block, witnesses, seed } = drawn;
  const asked = {
    job,
    model,
    prompt,
    sampling: { ...sampling, seed },
    tokensMax: tokensMax ?? tokensDefault,
  };
  return { request: requestDigest(asked), block, witnesses };
}

/**
 * Is it what was announced to this node before the block was there, with that block's hash in its seed, and has this node
 * a seat by it? All of it by its own chain and its own notes. Throws HoldfastError `not-drawn` (fault peer).
 */
export async function checkDrawn(
  { node, clock, beacons, notes }: DrawnOrderPorts,
  order: OpenOrder,
  signal: AbortSignal,
): Promise<void> {
  const announced = announcedBy(order);
  if (announced === undefined || order.drawn === undefined) return;
  const { block } = announced;
  if (notes?.has(announced) !== true)
    throw notDrawn(`this was not announced to this node before block ${block}`);
  // Positions are decided by a later beacon too, and not by a secret that somebody knows.
  if (order.audit !== undefined) throw notDrawn("a drawn committee takes no secret of its client's");
  const found = await awaitBeacon(clock, limits.beaconLagMsMax, signal, async () => {
    const [beacon, weights] = await Promise.all([beacons?.block(block), beacons?.weights([node], block - 1)]);
    return beacon && weights && { beacon: beacon.hash, weights };
  });
  if (found === undefined) throw notDrawn(`this node's chain does not have block ${block}`);
  const { beacon, weights } = found;
  if (order.sampling.seed !== drawnSeed(order.drawn.seed, beacon))
    throw notDrawn(`the seed is not the client's with the hash of block ${block} in it`);
  const own = [{ node, stake: weights.stakes[0] ?? 0n }];
  if (seated(answerDraw(announced, beacon), own, weights.total).length === 0)
    throw notDrawn(`this node has no seat by block ${block}`);
}

function notDrawn(why: string): HoldfastError {
  return new HoldfastError(why, { code: "not-drawn", fault: "peer" });
}
