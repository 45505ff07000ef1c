import type { Ms, PeerId } from "../../../../domain/ids.ts";
import {
  type BlameCode,
  type Blamer,
  blamerBelieved,
  blamesRequest,
} from "../../../../domain/inference/blame.ts";
import type { Outcome } from "../../../../domain/inference/effect.ts";
import { paceUnknown } from "../../../../domain/inference/pace.ts";
import type { Prospect } from "../../../../domain/inference/state.ts";
import { vectorsDigest } from "../../../../domain/verification/embedding.ts";
import { type Move, nextMove } from "../../../../domain/verification/poll.ts";
import {
  type Agreement,
  comparableFirst,
  isDisputed,
  quorumOf,
  type Replica,
} from "../../../../domain/verification/replication.ts";
import type { RefusalCode } from "../../../../protocol/attempt.ts";
import { limits } from "../../../../protocol/limits.ts";
import type { Offer } from "../../../../protocol/offer.ts";
import type { AnswerPorts } from "../answer.ts";
import type { Wanted } from "../roster.ts";
import { openReplica, type ReplicaEnd, type ReplicaJob } from "./replica.ts";

/** One provider's answer, as it counts and as it is kept. */
export interface Testimony extends Replica, Omit<Extract<ReplicaEnd, { kind: "answered" }>, "kind"> {
  readonly sessionKey: Prospect["sessionKey"];
  /** When it was asked. */
  readonly since: Ms;
}

/** How asking several came out. */
export interface Outcomes {
  readonly agreement: Agreement | undefined;
  readonly disputed: boolean;
  readonly testimonies: readonly Testimony[];
  /** What is wrong with the request itself, where those who say so are believed. */
  readonly blame: BlameCode | undefined;
  readonly refusals: readonly RefusalCode[];
  readonly attempts: number;
}

export interface PanelOptions {
  readonly wanted: Wanted;
  /** Those to begin with. */
  readonly prospects: readonly Prospect[];
  readonly strict: boolean;
  readonly job: Omit<ReplicaJob, "spec" | "deadlineMs"> & {
    readonly spec: Omit<ReplicaJob["spec"], "profile">;
  };
  /** Time left, ms. */
  readonly leftMs: () => Ms;
  /** Once: enough agree, or more cannot be had. Some may still be at work; they are heard out and scored. */
  readonly settled: (outcomes: Outcomes) => void;
  /** Once, last: nothing is under way any more. */
  readonly over: () => void;
}

interface Candidate {
  readonly prospect: Prospect;
  readonly offer: Offer;
  readonly profile: string;
  readonly stranger: boolean;
}

interface Seat {
  readonly prospect: Prospect;
  readonly profile: string;
  readonly openedAt: Ms;
  heardAt: Ms;
  readonly close: () => void;
}

/** Asks as many providers as it takes for enough of them to say the same, and scores each by what the others said. */
export function createPanel(ports: AnswerPorts, options: PanelOptions) {
  const { clock, roster, log } = ports;
  const { wanted, job } = options;
  const replicas = 1 + wanted.witnesses;
  const quorum = quorumOf(replicas);
  const seats = new Map<PeerId, Seat>();
  const testimonies: Testimony[] = [];
  const refusals: RefusalCode[] = [];
  const blamers: Blamer[] = [];
  const tried: PeerId[] = [];
  let known = options.prospects;
  /** Set once it is settled; without a leader, nobody is known to be right. */
  let settled: { readonly leader: Testimony | undefined } | undefined;
  let cancelTimer = () => {};
  let over = false;

  function look(): void {
    if (over) return;
    if (settled !== undefined) return seats.size === 0 ? end() : undefined;
    const candidates = candidatesLeft();
    const left = Math.min(candidates.length, replicas + limits.attemptsMax - tried.length);
    const blame = blameOf(left);
    if (blame !== undefined) return settle(undefined, blame);
    const move = moveFrom(left);
    if (move.kind === "settle") return settle(move.agreement);
    if (move.kind === "conclude") return settle(undefined);
    if (move.kind !== "ask") return;
    for (const candidate of comparableFirst(candidates, move.count).slice(0, move.count)) open(candidate);
  }

  function moveFrom(left: number): Move {
    const seated = [...seats.values()];
    const late = seated.filter(isLate).length;
    const unasked = Math.max(0, replicas - tried.length);
    const poll = { replicas: testimonies, quorum, unasked, left, strict: options.strict };
    const trusting = nextMove({ ...poll, awaited: seated.length, late: 0 });
    if (late === 0 || trusting.kind !== "wait") return trusting;
    const doubting = nextMove({ ...poll, awaited: seated.length - late, late });
    if (doubting.kind !== "ask") return doubting;
    // Beside one that is only silent, others are asked as seldom as suspicion may cost anything.
    if (!roster.mayHedge()) return trusting;
    roster.hedged();
    return doubting;
  }

  /** What the request is believed to be wrong in, where `left` may still be asked. */
  function blameOf(left: number): BlameCode | undefined {
    const taking = [...seats.values()].filter(({ openedAt, heardAt }) => heardAt > openedAt).length;
    const takers = testimonies.length + taking;
    return blamerBelieved(blamers, { takers, everybody: left === 0 && blamers.length === tried.length })
      ?.code;
  }

  /** Others of the model have a stake, and this one has none. */
  function isStranger({ bonded }: Prospect): boolean {
    return wanted.model.staked && !bonded;
  }

  function isLate({ heardAt }: Seat): boolean {
    return clock.now() - heardAt >= limits.embeddingSilenceMsMax;
  }

  /** Whoever can be compared with those that answered comes before those that cannot. */
  function candidatesLeft(): Candidate[] {
    known = known.filter(({ peer }) => !tried.includes(peer));
    if (known.length === 0) known = roster.prospectsOf(wanted, tried);
    const profiles = testimonies.filter(({ stranger }) => !stranger).map(({ profile }) => profile);
    const candidates = known.flatMap((prospect) => {
      const offer = roster.offerOf(prospect.peer);
      const model = offer?.models.find(({ id }) => id === wanted.model.id);
      if (offer === undefined || model === undefined) return [];
      return [{ prospect, offer, profile: model.profile, stranger: isStranger(prospect) }];
    });
    const fit = candidates.filter(({ profile }) => profiles.includes(profile));
    return fit.length > 0 ? fit : candidates;
  }

  function open({ prospect, offer, profile }: Candidate): void {
    const { peer } = prospect;
    const openedAt = clock.now();
    tried.push(peer);
    roster.opened(peer);
    const replica = openReplica(
      ports,
      offer,
      { ...job, spec: { ...job.spec, profile }, deadlineMs: options.leftMs() },
      {
        heard() {
          const seat = seats.get(peer);
          if (seat !== undefined) seat.heardAt = clock.now();
        },
        ended: (what) => leave(peer, what),
      },
    );
    seats.set(peer, { prospect, profile, openedAt, heardAt: openedAt, close: replica.close });
  }

  function leave(peer: PeerId, what: ReplicaEnd): void {
    const seat = seats.get(peer);
    if (seat === undefined) return;
    seats.delete(peer);
    roster.closed(peer);
    if (what.kind === "answered") testify(seat, what);
    else if (what.kind === "lost") learn(peer, what.outcome, seat.openedAt);
    else refused(seat, what.code);
    look();
  }

  function refused({ prospect, openedAt }: Seat, code: RefusalCode): void {
    const { peer, operator } = prospect;
    refusals.push(code);
    if (blamesRequest(code)) blamers.push({ code, operator, stranger: isStranger(prospect) });
    learn(peer, outcomeOf(code), openedAt);
  }

  function testify(seat: Seat, { vectors, statement }: Extract<ReplicaEnd, { kind: "answered" }>): void {
    const { peer, operator, sessionKey } = seat.prospect;
    const testimony: Testimony = {
      ...{ peer, operator, sessionKey, vectors, statement, profile: seat.profile, since: seat.openedAt },
      stranger: isStranger(seat.prospect),
      output: vectorsDigest(vectors),
    };
    testimonies.push(testimony);
    if (settled !== undefined) judge(testimony);
  }

  function settle(agreement: Agreement | undefined, blame?: BlameCode): void {
    settled = { leader: testimonies.find(({ peer }) => peer === agreement?.by[0]) };
    for (const testimony of testimonies) judge(testimony);
    cancelTimer();
    cancelTimer = clock.after(limits.embeddingAfterMsMax, end);
    const disputed = isDisputed(testimonies);
    options.settled({ agreement, disputed, testimonies, blame, refusals, attempts: tried.length });
    look();
  }

  /** By what was agreed on. Where nothing was, or by one alone, and with other arithmetic, nobody is known to be wrong. */
  function judge({ peer, output, profile, since }: Testimony): void {
    const leader = settled?.leader;
    if (leader?.profile !== profile) return learn(peer, "unused", since);
    const [same, other] =
      quorum > 1 ? (["vouched", "rejected"] as const) : (["completed", "unused"] as const);
    learn(peer, output === leader.output ? same : other, since);
  }

  function learn(peer: PeerId, outcome: Outcome, since: Ms): void {
    if (!isWell(outcome)) log.info("attempt-ended", { job: job.spec.job, peer, outcome });
    roster.learnt({ kind: "outcome", peer, outcome, since, seen: paceUnknown }, wanted);
  }

  function end(): void {
    if (over) return;
    over = true;
    cancelTimer();
    for (const [peer, seat] of seats) {
      seat.close();
      roster.closed(peer);
      learn(peer, isLate(seat) ? "late" : "unused", seat.openedAt);
    }
    seats.clear();
    options.over();
  }

  /** Silence is noticed by looking. */
  function watch(): void {
    cancelTimer = clock.after(limits.embeddingSilenceMsMax / 4, () => {
      watch();
      look();
    });
  }

  return {
    begin() {
      watch();
      look();
    },
    /** Lets everybody go at once. */
    end,
  };
}

function isWell(outcome: Outcome): boolean {
  return outcome === "completed" || outcome === "vouched" || outcome === "unused";
}

/** What the request or the moment is to blame for is held against no provider. */
function outcomeOf(code: RefusalCode): Outcome {
  if (code === "busy") return "busy";
  return blamesRequest(code) || code === "closing" ? "unused" : "refused";
}
