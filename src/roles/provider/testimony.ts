import { bytesToHex } from "@noble/hashes/utils.js";
import type { Address } from "../../domain/ids.ts";
import type { Verdict } from "../../domain/inference/effect.ts";
import { answerIdOf } from "../../domain/verification/answer-id.ts";
import {
  type AnswerId,
  type CommitSet,
  commitBytes,
  type Hex32,
} from "../../domain/verification/committee.ts";
import { type Dispute, refereedAnswer } from "../../domain/verification/dispute.ts";
import type { Leaf } from "../../domain/verification/leaf.ts";
import { weighAnswer } from "../../domain/verification/margin-tally.ts";
import {
  isSameAnswer,
  type MemberEffect,
  type MemberEvent,
  type MemberRules,
  type MemberState,
  memberBegin,
  memberStep,
  nameOfSet,
} from "../../domain/verification/member.ts";
import { auditPositions } from "../../domain/verification/positions.ts";
import {
  type Market712,
  type SignedStatement,
  statementDigest,
  statementOf,
} from "../../domain/verification/statement.ts";
import type { Tolerances } from "../../domain/verification/tolerance.ts";
import type { Clock, Random, Receipts, Sequence, Signer, Verify } from "../../ports.ts";
import type { OpenOrder, Order, Word } from "../../protocol/attempt.ts";
import { limits } from "../../protocol/limits.ts";
import { writeSealed } from "../../protocol/sealed.ts";
import type { DrawnSet } from "../committee/drawn-set.ts";
import { type Closings, createClosings } from "./closings.ts";
import type { Voice } from "./voice.ts";

export interface TestimonyPorts {
  readonly signer: Signer;
  readonly verify: Verify;
  readonly clock: Clock;
  readonly random: Random;
  readonly sequence: Sequence;
  readonly tolerances: Tolerances;
  /** Where what was sealed while nobody watched outlives the job; without it nothing is. */
  readonly sealed?: Pick<Receipts, "put" | "get">;
}

/** Who testifies, and under which contract its word counts. */
export interface Identity {
  readonly node: Address;
  readonly market: Market712;
}

/** What a node puts on record about one job's answer: sealed first, opened later. Signs what the rules of a member say. */
export interface Testimony extends Opener {
  /** The answer ended at `through`, where `transcript` is its digest. Without a word about it there is nothing to send. */
  commit(ended: Ended): Sealed;
  /**
   * The same for an answer of its own that nobody watched, and keeps what it takes to open it long after. Not where words
   * of others in it speak against it, nor where another attempt has sealed an answer to this job.
   */
  seal(ended: Pick<Ended, "transcript" | "through">): Sealed;
}

export interface Opener {
  /** `strangers`: members who have no seat by the chain; undefined while it does not say. `head`: its highest block. */
  close(set: CommitSet, strangers: readonly Address[] | undefined, head: number | undefined): Closed;
  /** `drawn`: what the chain says of a drawn committee. */
  open(order: Extract<Order, { t: "reveal" }>, drawn?: DrawnSet): Opened;
}

interface Ended {
  readonly transcript: Hex32;
  readonly through: number;
  /** Did it reject something of it? */
  readonly rejected: boolean;
  /** The executor's numeric profile. */
  readonly executor: string;
  /** What it is a referee of. */
  readonly dispute?: Dispute | undefined;
}

export type Sealed = Pick<Extract<Word, { t: "committed" }>, "commit">;
export type Closed = Pick<Extract<Word, { t: "closed" }>, "refusal">;
export type Opened = Pick<Extract<Word, { t: "revealed" }>, "opening" | "refusal">;

export function createTestimony(
  ports: TestimonyPorts & Identity,
  { job, model, prompt, sampling, audit, seal }: OpenOrder,
  voice: Voice,
  closings: Closings = createClosings(),
): Testimony {
  const { signer, node } = ports;
  const own = { node, sessionKey: signer.sessionKey, profile: voice.profile };
  /**
   * By transcript: an answer may end elsewhere after all, and then there again. Its envelope is one and the same then:
   * another, once that was opened, would be from what everybody knows by now.
   */
  const members = new Map<Hex32, Member>();

  let sealedBefore = false;
  // A job's name is in its receipt: whoever knows it could have what was sealed replaced.
  if (seal === true)
    void ports.sealed?.get(job).then(
      (found) => (sealedBefore = found !== undefined),
      () => {},
    );

  function memberAt(transcript: Hex32) {
    const before = members.get(transcript);
    if (before !== undefined || members.size === limits.envelopesMax) return before;
    const member = createMember(ports, signer, { own, promise: audit, closings });
    members.set(transcript, member);
    return member;
  }

  function seen({ transcript, through }: Pick<Ended, "transcript" | "through">) {
    const leaves = voice.leaves(through);
    if (leaves === undefined) return undefined;
    const { promptDigest, tokensMax } = voice;
    const asked = { job, model, prompt, sampling, tokensMax };
    const answer = answerIdOf(asked, { promptDigest, transcript, tokens: through });
    return { answer, leaves, salt: bytesToHex(ports.random.bytes(32)), verdict: "valid" as const };
  }

  function verdictOf({ through, rejected, executor }: Ended): Verdict {
    if (rejected) return "invalid";
    const tolerance = ports.tolerances(executor, voice.profile);
    return tolerance === undefined ? "valid" : weighAnswer(voice.margins(through), tolerance);
  }

  return {
    commit(ended) {
      const member = memberAt(ended.transcript);
      const { dispute } = ended;
      if (member?.committed() !== undefined) return member.sealed();
      const all = seen(ended);
      if (member === undefined || all === undefined) return {};
      if (dispute === undefined) return member.commit({ ...all, verdict: verdictOf(ended) });
      const part = partOf(dispute, all);
      return part === undefined ? {} : member.commit({ ...all, ...part });
    },
    seal(ended) {
      const member = memberAt(ended.transcript);
      if (member?.committed() !== undefined) return member.sealed();
      const isOwn = verdictOf({ ...ended, rejected: false, executor: voice.profile }) !== "invalid";
      const all = ports.sealed && isOwn && !sealedBefore ? seen(ended) : undefined;
      const said = member === undefined || all === undefined ? {} : member.commit(all);
      const committed = member?.committed();
      if (said.commit === undefined || committed === undefined) return {};
      const { sessionKey, profile } = own;
      const at = Math.ceil(ports.clock.wall());
      ports.sealed?.put(job, writeSealed({ committed, sessionKey, profile, at }));
      return said;
    },
    close(set, strangers, head) {
      const member = members.get(set.answer.transcript);
      return member?.close(set, strangers, head) ?? { refusal: "not-committed" };
    },
    open(order, drawn) {
      const member = members.get(order.set.answer.transcript);
      return member?.open(order, drawn) ?? { refusal: "not-committed" };
    },
  };
}

/** What a referee puts in its envelope; nothing when what it computed is not the answer in dispute. */
function partOf(
  dispute: Dispute,
  { answer, leaves }: { readonly answer: AnswerId; readonly leaves: readonly Leaf[] },
) {
  const { set, secret } = dispute.proof;
  if (!isSameAnswer(set.answer, answer)) return undefined;
  const part = auditPositions(set, secret).map((position) => leaves[position]!);
  return { answer: refereedAnswer(dispute), leaves: part };
}

export interface Member extends Opener {
  committed(): MemberState["committed"];
  sealed(): Sealed;
  commit(ended: Omit<Extract<MemberEvent, { kind: "ended" }>, "kind">): Sealed;
}

/** One node's side of commit and reveal, with its signatures. `committed`: as it stood when it sealed that, long ago. */
export function createMember(
  ports: TestimonyPorts & Identity,
  signer: Signer,
  { closings, ...rules }: Pick<MemberRules, "own" | "promise"> & { readonly closings: Closings },
  committed?: MemberState["committed"],
): Member {
  const { market, clock } = ports;
  let state: MemberState = committed === undefined ? memberBegin : { committed, opened: [] };
  /** Each under its own number: one for every set it opened against. */
  const statements = new Map<string, SignedStatement>();

  function take(event: MemberEvent, drawn?: DrawnSet): MemberEffect | undefined {
    const positions = drawn?.positions;
    const beaconAt = (block: number) => (block === positions?.block ? positions.beacon : undefined);
    const { commitMsMax: commitMs, closeAheadMax } = limits;
    const { verify } = ports;
    const whole = { ...rules, commitMs, closeAheadMax, verify, beaconAt, closedAs: closings.at };
    const step = memberStep(state, event, clock.now(), whole);
    state = step.state;
    return step.effects[0];
  }

  function sign({ set, opening }: Extract<MemberEffect, { kind: "open" }>, secret: Hex32): SignedStatement {
    const numbers = { seq: ports.sequence.next(), expiry: Math.floor(clock.wall()) + limits.statementLifeMs };
    const digest = statementDigest(market, statementOf(set, secret, opening.verdict, numbers));
    return { ...numbers, signature: signer.sign(digest) };
  }

  function sealed(): Sealed {
    if (state.committed === undefined) return {};
    const { answer, sealed } = state.committed;
    const { node } = rules.own;
    return { commit: { sealed, signature: signer.sign(commitBytes(answer, { node, sealed })) } };
  }

  return {
    committed: () => state.committed,
    sealed,
    commit(ended) {
      take({ kind: "ended", ...ended });
      return sealed();
    },
    close(set, strangers, head) {
      if (strangers === undefined) return { refusal: "beacon-unknown" };
      if (strangers.length > 0) return { refusal: "not-drawn" };
      const effect = take({ kind: "closed", set, head });
      if (effect?.kind !== "close") return { refusal: effect?.kind === "refuse" ? effect.reason : "nothing" };
      closings.put(effect.committee, effect.set);
      const isKept = closings.at(effect.committee)?.sets.includes(effect.set);
      return isKept ? {} : { refusal: "not-kept" };
    },
    open({ set, secret }, drawn) {
      if (drawn !== undefined && drawn.strangers.length > 0) return { refusal: "not-drawn" };
      const effect = take({ kind: "shown", set, secret }, drawn);
      if (effect?.kind !== "open") return { refusal: effect?.kind === "refuse" ? effect.reason : "nothing" };
      const name = nameOfSet(set);
      if (set.committee.kind === "drawn") {
        closings.opened(set.committee, name);
        const { sets = [] } = closings.at(set.committee) ?? {};
        if (sets.length !== 1 || sets[0] !== name) return { refusal: "not-kept" };
      }
      const statement = statements.get(name) ?? sign(effect, secret);
      statements.set(name, statement);
      return { opening: { ...effect.opening, statement } };
    },
  };
}
