import { bytesToHex } from "@noble/hashes/utils.js";
import { auditDraw } from "../../domain/verification/audit.ts";
import type { CommitSet } from "../../domain/verification/committee.ts";
import { type Dispute, refereeDraw } from "../../domain/verification/dispute.ts";
import { type Announced, answerDraw } from "../../domain/verification/drawn-answer.ts";
import type { Beacons } from "../../ports.ts";
import type { OpenOrder, Order } from "../../protocol/attempt.ts";
import { limits } from "../../protocol/limits.ts";
import { awaitBeacon } from "../committee/beacon-wait.ts";
import {
  type DrawnSeats,
  type DrawnSet,
  type DrawWindow,
  isDrawable,
  lookUpDrawn,
  lookUpSeats,
  whenever,
} from "../committee/drawn-set.ts";
import type { Answer } from "./answer.ts";
import { announcedBy } from "./drawn-order.ts";
import type { Notes } from "./notes.ts";
import { outOfTurn } from "./out-of-turn.ts";
import {
  type Closed,
  createTestimony,
  type Identity,
  type Opened,
  type Sealed,
  type TestimonyPorts,
} from "./testimony.ts";
import type { Voice } from "./voice.ts";

export interface StandPorts extends TestimonyPorts, Identity {
  /** Without it this node opens for no drawn committee. */
  readonly beacons?: Beacons;
  /** What was announced to it; without them it takes no part in answers whose members are drawn. */
  readonly notes?: Notes;
}

/** Where a node testifies in one attempt: what it is asked, answered with what it has seen and what the chain says. */
export interface Stand {
  /** `dissent`: where the first chunk it would not have said starts. */
  commit(order: Extract<Order, { t: "commit" }>, dissent: number): Sealed;
  close(order: Extract<Order, { t: "close" }>): Promise<Closed>;
  reveal(order: Extract<Order, { t: "reveal" }>): Promise<Opened>;
  /** To the whole of its own answer, if nobody watched; but not over words of others that it would not have said. */
  seal(dissent: number): Sealed;
}

export function createStand(
  ports: StandPorts,
  open: OpenOrder,
  voice: Voice,
  answer: Answer,
  signal: AbortSignal,
): Stand {
  const announced = announcedBy(open);
  const closings = announced && ports.notes?.closings(announced);
  const testimony = createTestimony(ports, open, voice, closings);
  let dispute: Dispute | undefined;

  function transcriptAt(through: number): string {
    const digest = answer.digestAt(through);
    if (digest !== undefined) return bytesToHex(digest);
    throw outOfTurn(`commit at ${through} of ${answer.end}`);
  }

  /** What it would not have said it does not answer for. */
  function sealTo(through: number, dissent: number): Sealed {
    const transcript = transcriptAt(through);
    return dissent < through ? {} : testimony.seal({ transcript, through });
  }

  return {
    commit({ through, executor, dispute: asked }, dissent) {
      if (open.seal === true) return sealTo(through, dissent);
      const transcript = transcriptAt(through);
      dispute = asked && { ...asked, proof: { set: asked.set, secret: asked.secret, openings: [] } };
      return testimony.commit({ transcript, through, rejected: dissent < through, executor, dispute });
    },
    async close({ set }) {
      const isAudit = announced === undefined && dispute === undefined;
      // Who says an answer, or watches it for a client, is no auditor of it: an epoch of the past would suit too well.
      if (isAudit && (open.audit !== undefined || open.seal || set.executor.node === ports.node))
        return { refusal: "not-drawn" };
      // What is shown now was there before any block that comes after this.
      const [head, seats] = await Promise.all([
        ports.beacons?.head(),
        seatsOf(ports, set, { signal, dispute, announced }),
      ]);
      return testimony.close(set, seats?.strangers, head);
    },
    reveal: async (order) =>
      testimony.open(order, await drawnOf(ports, order.set, { signal, dispute, announced })),
    seal: (dissent) => (open.seal === true ? sealTo(answer.end, dissent) : {}),
  };
}

export interface DrawnBy {
  readonly signal: AbortSignal;
  readonly dispute?: Dispute | undefined;
  /** Where all who take part in the answer itself were drawn. */
  readonly announced?: Announced | undefined;
  readonly window?: DrawWindow;
}

type ChainPorts = Pick<StandPorts, "beacons" | "clock">;

/** A set's committee as the chain has it. A block that others have just seen is waited for a little. */
export function drawnOf(ports: ChainPorts, set: CommitSet, by: DrawnBy): Promise<DrawnSet | undefined> {
  return lookedUp(ports, set, by, lookUpDrawn);
}

/** The same while the block is to come that decides what is opened. */
export function seatsOf(ports: ChainPorts, set: CommitSet, by: DrawnBy): Promise<DrawnSeats | undefined> {
  return lookedUp(ports, set, by, lookUpSeats);
}

async function lookedUp<Found>(
  { beacons, clock }: ChainPorts,
  set: CommitSet,
  { signal, dispute, announced, window = whenever }: DrawnBy,
  lookUp: (...asked: Parameters<typeof lookUpDrawn>) => Promise<Found | undefined>,
): Promise<Found | undefined> {
  const within = announced === undefined ? window : { ...window, at: announced.block };
  if (beacons === undefined || !isDrawable(set, within.at)) return undefined;
  const { executor, commits } = set;
  const sealed = commits[0]?.sealed ?? "";
  const drawBy = (beacon: string) => {
    if (dispute !== undefined) return refereeDraw(dispute, beacon);
    if (announced !== undefined) return answerDraw(announced, beacon);
    return auditDraw({ sealed, executor: executor.node }, beacon);
  };
  return awaitBeacon(clock, limits.beaconLagMsMax, signal, () => lookUp(beacons, set, drawBy, within));
}
