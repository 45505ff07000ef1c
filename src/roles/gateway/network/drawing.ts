import type { Address, PeerId } from "../../../domain/ids.ts";
import type { Failure } from "../../../domain/inference/effect.ts";
import {
  type Announced,
  answerDraw,
  type DrawnAnswer,
  type Note,
} from "../../../domain/verification/drawn-answer.ts";
import { seated } from "../../../domain/verification/sortition.ts";
import type { Beacons, Clock, Dialer, Log, Verify } from "../../../ports.ts";
import { limits } from "../../../protocol/limits.ts";
import type { Offer } from "../../../protocol/offer.ts";
import { awaitBeacon } from "../../committee/beacon-wait.ts";
import { announce } from "./announcing.ts";

export interface DrawingPorts {
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly log: Log;
  readonly verify: Verify;
  readonly beacons: Beacons;
}

export interface DrawingAsked extends Pick<Announced, "request" | "witnesses"> {
  readonly job: string;
  /** Those that could take part if they are drawn: with a stake, and able to judge. Asked anew for each draw. */
  readonly candidates: () => readonly Offer[];
  readonly deadlineMs: number;
}

/** Who was drawn, the executor's seat first, and by what. */
export interface Drawn {
  readonly peers: readonly PeerId[];
  /** Whose notes are kept. */
  readonly noted: readonly PeerId[];
  readonly by: Omit<DrawnAnswer, "seed" | "limit">;
}

export type DrawFailure = Pick<Failure, "code" | "message">;

/**
 * Has a request's executor and witnesses drawn by the next block: it is announced to all who could be, those who note it
 * in time are in the draw, and the block decides. Where seats fall to too few of them (stake that serves other models is
 * drawn as well), the block after that draws, as it would for another request.
 */
export async function draw(
  ports: DrawingPorts,
  asked: DrawingAsked,
  signal: AbortSignal,
): Promise<Drawn | DrawFailure> {
  const until = ports.clock.now() + asked.deadlineMs;
  let last: "again" | "busy" = "again";
  for (let draws = 0; draws < limits.drawsMax; draws += 1) {
    const once = await drawOnce(ports, asked, { until, signal });
    if (typeof once !== "string") return once;
    last = once;
    if (ports.clock.now() >= until) break;
  }
  if (last === "busy") return { code: "busy", message: "those who could be drawn are at capacity" };
  return tooFew(asked, "seats fell to fewer in every draw");
}

async function drawOnce(
  { beacons, clock, ...ports }: DrawingPorts,
  asked: DrawingAsked,
  { until, signal }: { readonly until: number; readonly signal: AbortSignal },
): Promise<Drawn | DrawFailure | "again" | "busy"> {
  const { request, witnesses } = asked;
  const over = new AbortController();
  const still = AbortSignal.any([signal, over.signal]);
  const waited = <T>(mostMs: number, look: () => Promise<T | undefined>) =>
    awaitBeacon(clock, Math.min(mostMs, until - clock.now()), still, look);
  const offers = asked.candidates();
  if (offers.length <= witnesses) return tooFew(asked, `${offers.length} are on offer`);
  const head = await waited(limits.chainMsMax, () => beacons.head());
  if (head === undefined) return noBeacon("the chain cannot be reached");
  const announced: Announced = { request, block: head + 1, witnesses };
  const noting = announce(ports, offers, announced, still);
  const coming = waited(limits.positionsMsMax, () => beacons.block(announced.block));
  // Where too few are there at all, no block is waited for; and who is silent is not waited for longer than for the block.
  const first = await Promise.race([noting, coming]);
  if (first !== undefined && "notes" in first && first.notes.length + first.busy <= witnesses) {
    over.abort();
    const isThere = (await beacons.head()) !== head;
    return isThere ? "again" : tooFew(asked, `${first.notes.length} of ${offers.length} on offer answered`);
  }
  const found = await coming;
  over.abort();
  const { notes, busy } = await noting;
  if (found === undefined) return noBeacon(`no block came after ${head}`);
  // Their seats come free, and the block after this draws as well.
  if (notes.length <= witnesses && notes.length + busy > witnesses) return "busy";
  const seats = await seatsAmong(beacons, notes, announced, found.hash);
  ports.log.debug("answer-drawn", {
    job: asked.job,
    block: head + 1,
    noted: notes.length,
    seats: seats.length,
  });
  if (seats.length <= witnesses) return "again";
  const peerOf = (node: Address) => offers.find(({ address }) => address === node)?.peer ?? [];
  const kept = notesKept(notes, seats);
  const noted = kept.flatMap(({ node }) => peerOf(node));
  return { peers: seats.flatMap(peerOf), noted, by: { ...announced, beacon: found.hash, notes: kept } };
}

/** Of those who noted it who have a seat, the executor's first; nobody while the chain cannot say. */
async function seatsAmong(
  beacons: Beacons,
  notes: readonly Note[],
  announced: Announced,
  beacon: string,
): Promise<readonly Address[]> {
  const nodes = notes.map(({ node }) => node);
  const weights = await beacons.weights(nodes, announced.block - 1);
  if (weights === undefined) return [];
  const staked = nodes.map((node, at) => ({ node, stake: weights.stakes[at] ?? 0n }));
  return seated(answerDraw(announced, beacon), staked, weights.total);
}

/** Those of whoever may take part first: they are what a stranger looks for. */
function notesKept(notes: readonly Note[], seats: readonly Address[]): readonly Note[] {
  const isSeated = ({ node }: Note) => Number(seats.includes(node));
  return notes.toSorted((a, b) => isSeated(b) - isSeated(a)).slice(0, limits.receiptNotesMax);
}

function tooFew({ witnesses }: DrawingAsked, what: string): DrawFailure {
  const message = `a drawn answer needs ${1 + witnesses} providers of this model with a stake, and ${what}`;
  return { code: "too-few-drawn", message };
}

function noBeacon(why: string): DrawFailure {
  return { code: "no-beacon", message: `no block came that could draw this answer's providers: ${why}` };
}
