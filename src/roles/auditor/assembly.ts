import type { Address } from "../../domain/ids.ts";
import { isAuthentic } from "../../domain/verification/commit-set.ts";
import type { AnswerId, Commit, Hex32, Member } from "../../domain/verification/committee.ts";
import {
  type ConvenerEffect,
  type ConvenerEvent,
  convene,
  convenerStep,
} from "../../domain/verification/convener.ts";
import type { Ruling } from "../../domain/verification/ruling.ts";
import type { Proof, RulingRules, Tokens } from "../../domain/verification/seat.ts";
import type { Beacons, Channel, Clock, Dialer, Log } from "../../ports.ts";
import type { Order, Word } from "../../protocol/attempt.ts";
import { limits } from "../../protocol/limits.ts";
import type { Offer } from "../../protocol/offer.ts";
import { latestExpiry } from "../../protocol/statement-life.ts";
import { nextBeacon, pause } from "../committee/beacon-wait.ts";
import type { SetWords } from "../committee/set-words.ts";

export interface AssemblyPorts {
  readonly dialer: Dialer;
  readonly beacons: Beacons;
  readonly clock: Clock;
  readonly log: Log;
  readonly rules: Omit<RulingRules, "beaconAt">;
}

/** One of a drawn committee, and what it is told first. */
export interface AssemblyMember {
  readonly member: Member;
  readonly offer: Offer;
  readonly orders: readonly Order[];
  /** What it committed to long ago; then it is told nothing before it is to open. */
  readonly commit?: Commit;
}

export interface Assembly {
  readonly answer: AnswerId;
  /** The block whose beacon drew it. */
  readonly epoch: number;
  readonly said?: Tokens;
  /** The first has the executor's seat; where nobody committed long ago, the first who commits. */
  readonly members: readonly AssemblyMember[];
  /**
   * Told before anybody is shown the set: from then on members may have opened, whatever becomes of this process. False:
   * nobody is to be shown it.
   */
  readonly showing?: (proof: Proof) => Promise<boolean>;
}

export interface Assembled {
  readonly proof: Proof;
  readonly ruling: Ruling;
}

/**
 * Commit and reveal of a drawn committee, by the rules of a convener: all that answer commit, the set is closed, then a
 * block is awaited that nobody could know, then all open. Undefined when too few committed to show anything, or the chain
 * stands still; "refused" when the one who committed long ago will not open against this set or any other.
 */
export async function assemble(
  ports: AssemblyPorts,
  asked: Assembly,
  signal: AbortSignal,
): Promise<Assembled | "refused" | undefined> {
  const all = asked.members.map((each) => openSeat(ports, each, asked.answer));
  const closeAll = () => {
    for (const seat of all) seat.close();
  };
  signal.addEventListener("abort", closeAll, { once: true });
  try {
    const heard = await Promise.all(all.map(async (seat) => ({ seat, commit: await seat.commit })));
    const { seats, commits } = inOrder(heard, (seat, commit) => isTrue(ports, asked.answer, seat, commit));
    ports.log.debug("committee-committed", {
      job: asked.answer.job,
      commits: commits.length,
      of: all.length,
    });
    const long = asked.members.find(({ commit }) => commit !== undefined)?.member.node;
    const isLed = long === undefined || commits[0]?.node === long;
    if (commits.length < 2 || !isLed || signal.aborted) return undefined;
    // Where one is missing, the last who sealed has to know that its time is over.
    if (commits.length < seats.length) await pause(ports.clock, limits.auditOpenMsMax, signal);
    const last = await closed(ports, asked, { seats, commits, signal });
    if (last === undefined) return undefined;
    if (typeof last === "string") return last;
    const shown = { set: last.set, secret: last.beacon, openings: [] };
    if ((await asked.showing?.(shown)) === false) return undefined;
    return await reveal(ports, asked, { seats, commits, ...last, signal });
  } finally {
    signal.removeEventListener("abort", closeAll);
    closeAll();
  }
}

/**
 * Has all who committed keep the set, before its block is there; resolves once it is. Who committed long ago has to have
 * confirmed by then: knowing the block it could choose whether the positions suit it.
 */
async function closed(
  ports: AssemblyPorts,
  { answer, epoch }: Assembly,
  { seats, commits, signal }: Omit<Committed, "set" | "beacon">,
): Promise<Pick<Committed, "set" | "beacon"> | "refused" | undefined> {
  const [executor, ...witnesses] = seats.map(({ member }) => member) as [Member, ...Member[]];
  const setOf = (block: number) => ({
    ...{ answer, committee: { kind: "drawn" as const, epoch, block }, executor, witnesses },
    commits: [...commits],
  });
  const long = seats.find(({ isLong }) => isLong);
  let inTime = long?.closed();
  const last = await nextBeacon(ports, limits.beaconWaitMsMax, signal, {
    name(block) {
      const set = setOf(block);
      for (const seat of seats)
        if (commits.some(({ node }) => node === seat.member.node)) seat.tell({ t: "close", set });
    },
    notYet() {
      inTime = long?.closed();
    },
  });
  if (long !== undefined && inTime !== "confirmed") return inTime;
  return last && { set: setOf(last.block), beacon: last.beacon };
}

type Heard = (word: Extract<Word, { t: "revealed" }> | undefined) => void;

interface OpenSeat {
  readonly member: Member;
  /** Undefined when nothing comes of it. */
  readonly commit: Promise<Commit | undefined>;
  tell(order: Extract<Order, { t: "close" | "reveal" }>): void;
  /** It committed long ago. */
  readonly isLong: boolean;
  /** What it said to the set it was told to close: first, since nobody takes that back. */
  closed(): "confirmed" | "refused" | undefined;
  /** `heard`: once, with nothing when it is lost. */
  reveal(order: Extract<Order, { t: "reveal" }>, heard: Heard): void;
  close(): void;
}

function openSeat(
  { dialer, clock, log }: AssemblyPorts,
  { member, offer, orders, commit: before }: AssemblyMember,
  { job }: AnswerId,
): OpenSeat {
  const { promise, resolve } = Promise.withResolvers<Commit | undefined>();
  let heard: Heard | undefined;
  let channel: Channel<Order> | undefined;
  let isLost = false;
  let isOver = false;
  let closing: "confirmed" | "refused" | undefined;
  const opened: Heard = (word) => {
    heard?.(word);
    heard = undefined;
  };
  const lost = () => {
    // What was sealed long ago can be opened over another channel, too.
    channel = undefined;
    isLost = before === undefined || isOver;
    resolve(undefined);
    opened(undefined);
  };
  const connect = () =>
    dialer.open(offer, {
      message(word) {
        if (word.t === "committed") resolve(word.commit && { node: member.node, ...word.commit });
        if (word.t === "closed") closing ??= closingIn(word);
        if (word.t === "closed" && word.refusal !== undefined)
          log.info("not-closed", { job, node: member.node, why: word.refusal });
        if (word.t === "revealed") opened(word);
        if (word.t === "refused") lost();
      },
      closed: lost,
    });

  const stopWaiting = clock.after(limits.auditReadMsMax, () => resolve(undefined));
  if (before !== undefined) resolve(before);
  else {
    channel = connect();
    for (const order of orders) channel.send(order);
  }
  function tell(order: Order): void {
    if (isLost) return;
    if (channel === undefined) {
      channel = connect();
      channel.send({ t: "recall", job });
    }
    channel.send(order);
  }

  return {
    ...{ member, commit: promise, tell },
    ...{ isLong: before !== undefined, closed: () => closing },
    reveal(order, listener) {
      heard = listener;
      if (isLost) return opened(undefined);
      tell(order);
    },
    close() {
      isOver = true;
      stopWaiting();
      channel?.close();
      lost();
    },
  };
}

/** Whether it keeps the set, or has opened against another already. Whatever else it says is no answer. */
function closingIn({ refusal }: Extract<Word, { t: "closed" }>): "confirmed" | "refused" | undefined {
  if (refusal === undefined) return "confirmed";
  return refusal === "closed-already" ? "refused" : undefined;
}

interface Committed {
  readonly seats: readonly OpenSeat[];
  readonly commits: readonly Commit[];
  /** As it was closed, and the hash of its block. */
  readonly set: SetWords;
  readonly beacon: Hex32;
  readonly signal: AbortSignal;
}

/**
 * Shows the commits to all and collects what they open, until all have or their time is over. Aborted, all are lost: what
 * was opened by then is ruled on, and it is nothing where none was shown the others' commits.
 */
function reveal(
  { clock, log, ...ports }: AssemblyPorts,
  { answer, said }: Assembly,
  { seats, set, beacon, signal }: Committed,
): Promise<Assembled | undefined> {
  const { committee, executor, witnesses, commits } = set;
  const beaconAt = () => beacon;
  const expiryMax = latestExpiry(clock.wall());
  const rules = { ...ports.rules, beaconAt, expiryMax, commitMs: limits.auditOpenMsMax };
  const { promise, resolve } = Promise.withResolvers<Assembled | undefined>();
  let stopWaiting = () => {};
  let isShown = false;
  const asked = { answer, committee, executor, witnesses, secret: beacon, commits, ...(said && { said }) };
  const begun = convene(asked, clock.now(), rules);
  let { state } = begun;
  for (const effect of begun.effects) apply(effect);
  const stop = () => {
    if (isShown) return;
    stopWaiting();
    resolve(undefined);
  };
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  return promise.finally(() => signal.removeEventListener("abort", stop));

  function happen(event: ConvenerEvent): void {
    const step = convenerStep(state, event, clock.now(), rules);
    state = step.state;
    for (const effect of step.effects) apply(effect);
  }

  function apply(effect: ConvenerEffect): void {
    if (effect.kind === "wake") {
      stopWaiting();
      // Who is lost while it is shown the set may have been the last awaited.
      if (state.phase === "ruled") return;
      stopWaiting = clock.after(Math.max(0, effect.at - clock.now()), () => happen({ kind: "tick" }));
    } else if (effect.kind === "show") {
      isShown = true;
      for (const seat of seats) {
        const { node } = seat.member;
        if (!commits.some((commit) => commit.node === node)) continue;
        seat.reveal({ t: "reveal", set, secret: beacon }, (word) => {
          if (word?.opening === undefined)
            log.info("not-opened", { job: answer.job, node, why: word?.refusal ?? "lost" });
          happen(word?.opening === undefined ? gone(node) : { kind: "opening", node, opening: word.opening });
        });
      }
    } else if (effect.kind === "ruled") {
      stopWaiting();
      resolve({ proof: effect.proof, ruling: effect.ruling });
    } else log.info("committee-offence", { job: answer.job, node: effect.node, reason: effect.reason });
  }
}

/**
 * Who committed comes first, in the order asked. Nobody has two seats, and no key: who only says that a key is its own
 * has none beside who signed with it. Every member would refuse the whole set otherwise.
 */
function inOrder(
  heard: readonly { readonly seat: OpenSeat; readonly commit: Commit | undefined }[],
  isTrue: (seat: OpenSeat, commit: Commit) => boolean,
): { readonly seats: readonly OpenSeat[]; readonly commits: readonly Commit[] } {
  const all = heard.map(({ seat, commit }) => ({
    seat,
    commits: commit !== undefined && isTrue(seat, commit) ? [commit] : [],
  }));
  const taken = new Set<string>();
  const kept = all
    .toSorted((a, b) => b.commits.length - a.commits.length)
    .filter(({ seat: { member } }) => {
      const names = [member.node.toLowerCase(), member.sessionKey];
      if (names.some((name) => taken.has(name))) return false;
      for (const name of names) taken.add(name);
      return true;
    });
  return { seats: kept.map(({ seat }) => seat), commits: kept.flatMap(({ commits }) => commits) };
}

function isTrue(
  { rules, log }: Pick<AssemblyPorts, "rules" | "log">,
  answer: AnswerId,
  { member }: OpenSeat,
  commit: Commit,
): boolean {
  if (isAuthentic(answer, commit, member.sessionKey, rules.verify)) return true;
  log.info("committee-offence", { job: answer.job, node: member.node, reason: "forged-commit" });
  return false;
}

function gone(node: Address): ConvenerEvent {
  return { kind: "gone", node };
}
