import { bytesToHex } from "@noble/hashes/utils.js";
import { auditDraw } from "../../domain/verification/audit.ts";
import type { CommitSet } from "../../domain/verification/committee.ts";
import { type Dispute, refereeDraw } from "../../domain/verification/dispute.ts";
import { type Announced, answerDraw } from "../../domain/verification/drawn-answer.ts";
import type { Beacons } from "../../ports.ts";
import type { OpenOrder, Order } from "../../protocol/attempt.ts";
import { limits } from "../../protocol/limits.ts";
import { awaitBeacon } from "../committee/beacon-wait.ts";
import { type DrawnSet, type DrawWindow, isDrawable, lookUpDrawn, whenever } from "../committee/drawn-set.ts";
import type { Answer } from "./answer.ts";
import { announcedBy } from "./drawn-order.ts";
import { outOfTurn } from "./out-of-turn.ts";
import {
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
}

/** Where a node testifies in one attempt: what it is asked, answered with what it has seen and what the chain says. */
export interface Stand {
  /** `dissent`: where the first chunk it would not have said starts. */
  commit(order: Extract<Order, { t: "commit" }>, dissent: number): Promise<Sealed>;
  reveal(order: Extract<Order, { t: "reveal" }>): Promise<Opened>;
  /** To the whole of its own answer, if nobody watched. */
  seal(): Sealed;
}

export function createStand(
  ports: StandPorts,
  open: OpenOrder,
  voice: Voice,
  answer: Answer,
  signal: AbortSignal,
): Stand {
  const testimony = createTestimony(ports, open, voice);
  const announced = announcedBy(open);
  let dispute: Dispute | undefined;

  function transcriptAt(through: number): string {
    const digest = answer.digestAt(through);
    if (digest !== undefined) return bytesToHex(digest);
    throw outOfTurn(`commit at ${through} of ${answer.end}`);
  }

  return {
    async commit({ through, executor, dispute: asked }, dissent) {
      const transcript = transcriptAt(through);
      dispute = asked && { ...asked, proof: { set: asked.set, secret: asked.secret, openings: [] } };
      // Who names no secret of its own will come with a beacon: one that nobody can know yet.
      const head = open.audit === undefined ? await ports.beacons?.head() : undefined;
      return testimony.commit({ transcript, through, rejected: dissent < through, executor, head, dispute });
    },
    reveal: async (order) =>
      testimony.open(order, await drawnOf(ports, order.set, { signal, dispute, announced })),
    seal: () =>
      open.seal === true ? testimony.seal({ transcript: transcriptAt(answer.end), through: answer.end }) : {},
  };
}

/** A set's committee as the chain has it. A block that others have just seen is waited for a little. */
export async function drawnOf(
  { beacons, clock }: Pick<StandPorts, "beacons" | "clock">,
  set: CommitSet,
  {
    signal,
    dispute,
    announced,
    window = whenever,
  }: {
    readonly signal: AbortSignal;
    readonly dispute?: Dispute | undefined;
    /** Where all who take part in the answer itself were drawn. */
    readonly announced?: Announced | undefined;
    readonly window?: DrawWindow;
  },
): Promise<DrawnSet | undefined> {
  const within = announced === undefined ? window : { ...window, at: announced.block };
  if (beacons === undefined || !isDrawable(set, within.at)) return undefined;
  const { executor, commits } = set;
  const sealed = commits[0]?.sealed ?? "";
  const drawBy = (beacon: string) => {
    if (dispute !== undefined) return refereeDraw(dispute, beacon);
    if (announced !== undefined) return answerDraw(announced, beacon);
    return auditDraw({ sealed, executor: executor.node }, beacon);
  };
  return awaitBeacon(clock, limits.beaconLagMsMax, signal, () => lookUpDrawn(beacons, set, drawBy, within));
}
