import { createSession, type Session, verify } from "../../src/adapters/keys/session.ts";
import type { Address, JobId, Ms } from "../../src/domain/ids.ts";
import type { Verdict } from "../../src/domain/inference/effect.ts";
import {
  type AnswerId,
  type Closed,
  type Commit,
  type CommitSet,
  type Committee,
  commitBytes,
  type Hex32,
  type Member,
  type Opening,
  secretHash,
} from "../../src/domain/verification/committee.ts";
import { type Leaf, leafStep } from "../../src/domain/verification/leaf.ts";
import {
  type MemberEffect,
  type MemberEvent,
  type MemberRules,
  type MemberState,
  memberBegin,
  memberStep,
} from "../../src/domain/verification/member.ts";
import { roundSecrets } from "../../src/domain/verification/rounds.ts";
import type { Proof, RulingRules } from "../../src/domain/verification/seat.ts";
import { statementDigest, statementOf } from "../../src/domain/verification/statement.ts";
import { limits } from "../../src/protocol/limits.ts";

/** A committee without engines: real keys and rules, and leaves out of a hash instead of a model. */

export const market = { chainId: 31337, bonds: `0x${"b0".repeat(20)}` as Address };
/** Of all rounds there may be; a round by itself is the first. */
export const secrets = roundSecrets("5e".repeat(32));
export const secret: Hex32 = secrets[0]!;
export const committee: Committee = { kind: "client", secretHash: secretHash(secret) };
export const commitMs = 1000;

/** Honest distances were at most 1.45 and cheating ones at least 1.84 where this was measured first. */
export const rulingRules: RulingRules = {
  verify,
  market,
  beaconAt: () => undefined,
  tolerances: () => ({
    distance: [{ from: 1, near: 1.55, far: 1.65 }],
    margin: [{ from: 0, near: 0.07, far: 0.08 }],
    marginMax: 1.2,
  }),
};

export function answerOf(tokens: number, job = "0a".repeat(32)): AnswerId {
  const [spec = "", input = "", transcript = ""] = ["01", "02", "03"].map((byte) => byte.repeat(32));
  return { job: job as JobId, spec, input, transcript, tokens };
}

/** What a model shows at each position; `noise`: how far this machine's last bits are off, logits. */
export function leavesOf(tokens: number, { model = 1, noise = 0.05, machine = 0 } = {}): Leaf[] {
  return Array.from({ length: tokens }, (_, position) => {
    const logits = Array.from({ length: 8 }, (_, rank) => {
      const gap = 3 * chance(model, position, rank) + (rank === 0 ? 0 : 0.3);
      return {
        id: 100 * rank + (position % 97),
        gap,
        off: noise * (2 * chance(machine, position, rank, 1) - 1),
      };
    });
    const all = logits
      .map(({ id, gap, off }, rank) => ({ id, at: off - sum(logits.slice(0, rank)) - gap }))
      .sort((a, b) => b.at - a.at);
    return {
      ids: all.map(({ id }) => id),
      steps: all.map(({ at }) => Math.round((all[0]!.at - at) / leafStep)),
    };
  });
}

/** One node with its key, what it saw, and where it stands. */
export interface Person {
  readonly member: Member;
  readonly session: Session;
  readonly rules: MemberRules;
  /** Steps its rules and returns what they want done. */
  happen(event: MemberEvent, now: Ms): MemberEffect | undefined;
  commit(answer: AnswerId, leaves: readonly Leaf[], verdict: Verdict, now: Ms): Commit;
  sign(effect: Extract<MemberEffect, { kind: "open" }>): Opening;
}

let people = 0;

export function createPerson(
  profile = "cpu",
  node = `0x${(people + 1).toString(16).padStart(40, "0")}` as Address,
): Person {
  people += 1;
  const session = createSession();
  const member: Member = { node, sessionKey: session.sessionKey, profile };
  const closed = new Map<number, Closed>();
  const rules: MemberRules = {
    ...{ ...rulingRules, own: member, promise: secretHash(secret), commitMs },
    ...{ closedAs: ({ epoch }) => closed.get(epoch), closeAheadMax: limits.closeAheadMax },
  };
  let state: MemberState = memberBegin;
  let seq = 0;
  const happen: Person["happen"] = (event, now) => {
    const step = memberStep(state, event, now, rules);
    state = step.state;
    const [effect] = step.effects;
    if (effect?.kind === "close") closed.set(effect.committee.epoch, { sets: [effect.set], isBinding: true });
    return effect;
  };
  return {
    member,
    session,
    rules,
    happen,
    commit(answer, leaves, verdict, now) {
      const salt = people.toString(16).padStart(64, "0");
      const effect = happen({ kind: "ended", answer, leaves, verdict, salt }, now);
      if (effect?.kind !== "commit") throw new Error("it committed before");
      return signCommit(session, answer, effect.commit);
    },
    sign({ set, secret, opening }) {
      seq += 1;
      const numbers = { seq, expiry: limits.statementLifeMs };
      const signature = session.sign(
        statementDigest(market, statementOf(set, secret, opening.verdict, numbers)),
      );
      return { ...opening, statement: { ...numbers, signature } };
    },
  };
}

export function signCommit(session: Session, answer: AnswerId, commit: Omit<Commit, "signature">): Commit {
  return { ...commit, signature: session.sign(commitBytes(answer, commit)) };
}

/** What one member of `proofOf` saw and says. */
export interface Part {
  readonly leaves: readonly Leaf[];
  readonly verdict?: Verdict;
  readonly profile?: string;
}

/** A whole round in which everybody does their part; the executor's comes first. */
export function proofOf(
  answer: AnswerId,
  parts: readonly Part[],
  all: readonly Person[] = parts.map(({ profile }) => createPerson(profile)),
): Proof {
  const commits = parts.map(({ leaves, verdict }, at) =>
    all[at]!.commit(answer, leaves, verdict ?? "valid", 0),
  );
  const [executor, ...witnesses] = all.map(({ member }) => member);
  const set: CommitSet = { answer, committee, executor: executor!, witnesses, commits };
  const openings = all.map((person) => {
    const effect = person.happen({ kind: "shown", set, secret }, 1);
    if (effect?.kind !== "open") throw new Error(`it did not open: ${JSON.stringify(effect)}`);
    return person.sign(effect);
  });
  return { set, secret, openings };
}

function sum(all: readonly { readonly gap: number }[]): number {
  return all.reduce((total, { gap }) => total + gap, 0);
}

/** From 0 to 1, the same for the same numbers. */
function chance(...numbers: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const number of numbers) {
    hash = Math.imul(hash ^ number, 0x01000193);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x2c1b3c6d);
    hash ^= hash >>> 12;
  }
  return (hash >>> 0) / 2 ** 32;
}
