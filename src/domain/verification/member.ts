import { bytesToHex } from "@noble/hashes/utils.js";
import type { Ms } from "../ids.ts";
import { commitsComplaint, isFull, type SetComplaint, type SetRules, secretComplaint } from "./commit-set.ts";
import {
  type AnswerId,
  type Closed,
  type Commit,
  type CommitSet,
  type Committee,
  type DrawnCommittee,
  type Hex32,
  type Member,
  type Opening,
  sealTestimony,
  setDigest,
  type Testimony,
} from "./committee.ts";
import { fingerprintTree, openFingerprint } from "./fingerprint.ts";
import type { Leaf } from "./leaf.ts";
import type { MerkleTree } from "./merkle.ts";
import { auditPositions } from "./positions.ts";
import { isPromised } from "./rounds.ts";

/** One node's side of commit and reveal, for one answer: `following`, then `committed`, then `opened`. */
export interface MemberState {
  readonly committed?: {
    readonly at: Ms;
    readonly answer: AnswerId;
    readonly testimony: Testimony;
    readonly sealed: Hex32;
    /** One for each token of the answer. */
    readonly leaves: readonly Leaf[];
    /** Over them; absent when this comes from a disk, where only the leaves are kept. */
    readonly tree?: MerkleTree;
  };
  /** One for each committee that was drawn or named for this answer: the client's rounds, and those of later audits. */
  readonly opened: readonly Opened[];
}

interface Opened {
  readonly committee: string;
  readonly set: Hex32;
  readonly opening: Unsigned;
}

export const memberBegin: MemberState = { opened: [] };

/** The role adds the statement, under a fresh sequence number. */
export type Unsigned = Omit<Opening, "statement">;

export type MemberEvent =
  /** The answer ended, and this node has seen all of it. */
  | {
      readonly kind: "ended";
      readonly answer: AnswerId;
      readonly leaves: readonly Leaf[];
      readonly verdict: Testimony["verdict"];
      /** 32 fresh random bytes. */
      readonly salt: Hex32;
    }
  /** A drawn set as it will be, while its block is to come; `head`: the chain's highest, undefined while that is away. */
  | { readonly kind: "closed"; readonly set: CommitSet; readonly head: number | undefined }
  /** Somebody shows a set and a secret and wants this node to open. */
  | { readonly kind: "shown"; readonly set: CommitSet; readonly secret: Hex32 };

export type MemberEffect =
  /** Sign `commitBytes` and send it. */
  | { readonly kind: "commit"; readonly answer: AnswerId; readonly commit: Omit<Commit, "signature"> }
  /** Keep it: only against such a set will be opened, whatever else may be shown for this committee. */
  | { readonly kind: "close"; readonly committee: DrawnCommittee; readonly set: Hex32 }
  /** Sign `statementOf(set, secret, opening.verdict, …)` under a new number, unless that was done already; send both. */
  | { readonly kind: "open"; readonly set: CommitSet; readonly secret: Hex32; readonly opening: Unsigned }
  | { readonly kind: "refuse"; readonly reason: RefusalToOpen };

export type RefusalToOpen =
  | SetComplaint
  | "not-drawn"
  | "alone" // nobody else has committed
  | "not-committed" // this node has nothing to open, yet or at all
  | "other-answer"
  | "other-secret" // not one that the job promised
  | "not-a-member" // of the set shown, under its own key and profile
  | "other-commit" // the set has not the commit this node made
  | "before-deadline" // a commit is missing and could still come
  | "block-known" // by this node's chain, or nobody can tell: then an envelope may have been filled to suit it
  | "block-far" // whoever may name any block may wait for one that suits
  | "not-closed" // it is drawn, and was not shown before its block was there
  | "closed-already" // as another set of the same committee
  | "not-kept" // its disk took no note of the set, and it would not know of it after a restart
  | "opened-already"; // against another set of the same committee: twice would tell a late-comer what to write

export interface MemberRules extends SetRules {
  readonly own: Member;
  /** What the job promised about its audit secrets (rounds.ts); undefined when it named none. */
  readonly promise: Hex32 | undefined;
  /** Time that members have to commit, counted by each from its own commit, ms. */
  readonly commitMs: number;
  /** What this node has kept of a drawn committee. */
  readonly closedAs: (committee: DrawnCommittee) => Closed | undefined;
  /** Blocks ahead of the chain that may be named to decide what is opened. */
  readonly closeAheadMax: number;
}

interface MemberStep {
  readonly state: MemberState;
  readonly effects: readonly MemberEffect[];
}

/**
 * A member commits once, and opens for each committee against one set: one that is full, or of which it knows by its
 * own clock that whoever is missing has missed the deadline. Shown the same set again it says the same again.
 *
 * A drawn committee's set is closed before the block is there that decides what is opened: so nobody's envelope, not even
 * that of a member in league with whoever collects them, was filled knowing it.
 */
export function memberStep(state: MemberState, event: MemberEvent, now: Ms, rules: MemberRules): MemberStep {
  const { committed, opened } = state;
  if (event.kind === "ended")
    return committed === undefined ? commit(event, now, rules) : { state, effects: [] };
  const { set } = event;
  const refusal =
    refusalOf(state, set, now, rules) ??
    (event.kind === "closed" ? refusalToClose(event, rules) : refusalToOpen(state, event, rules));
  if (committed === undefined || refusal !== undefined)
    return { state, effects: [{ kind: "refuse", reason: refusal ?? "not-committed" }] };
  if (event.kind === "closed") return { state, effects: closing(set) };
  const { secret } = event;
  const before = openedFor(state, set);
  if (before !== undefined)
    return { state, effects: [{ kind: "open", set, secret, opening: before.opening }] };
  const { node } = rules.own;
  const { answer, testimony, leaves } = committed;
  const positions = auditPositions(set, secret);
  const tree = committed.tree ?? fingerprintTree({ job: answer.job, node }, leaves);
  const opening = { node, ...testimony, ...openFingerprint(tree, leaves, positions) };
  const latest = { committee: nameOf(set.committee), set: nameOfSet(set), opening };
  return {
    state: { committed, opened: [...opened, latest] },
    effects: [{ kind: "open", set, secret, opening }],
  };
}

function commit(
  { answer, leaves, verdict, salt }: Extract<MemberEvent, { kind: "ended" }>,
  at: Ms,
  { own: { node } }: MemberRules,
): MemberStep {
  if (leaves.length !== answer.tokens) throw new RangeError("one leaf for each token of the answer");
  const tree = fingerprintTree({ job: answer.job, node }, leaves);
  const testimony = { salt, root: bytesToHex(tree.root), verdict };
  const sealed = sealTestimony(answer, node, testimony);
  return {
    state: { committed: { at, answer, testimony, sealed, leaves, tree }, opened: [] },
    effects: [{ kind: "commit", answer, commit: { node, sealed } }],
  };
}

/** Why this node wants nothing to do with a set, whether it is to be closed or opened. */
function refusalOf(
  { committed }: MemberState,
  set: CommitSet,
  now: Ms,
  rules: MemberRules,
): RefusalToOpen | undefined {
  if (committed === undefined) return "not-committed";
  const { own } = rules;
  if (!isSameAnswer(set.answer, committed.answer)) return "other-answer";
  const { committee } = set;
  if (committee.kind === "client" && !isPromised(committee.secretHash, rules.promise)) return "other-secret";
  const seat = [set.executor, ...set.witnesses].find(({ node }) => node === own.node);
  if (seat?.sessionKey !== own.sessionKey || seat.profile !== own.profile) return "not-a-member";
  if (set.commits.find(({ node }) => node === own.node)?.sealed !== committed.sealed) return "other-commit";
  const complaint = commitsComplaint(set, rules.verify);
  if (complaint !== undefined) return complaint;
  return isFull(set) || now - committed.at >= rules.commitMs ? undefined : "before-deadline";
}

function refusalToClose(
  { set: { committee, commits }, set, head }: Extract<MemberEvent, { kind: "closed" }>,
  { closedAs, closeAheadMax }: MemberRules,
): RefusalToOpen | undefined {
  if (committee.kind !== "drawn") return "not-drawn";
  // Beside nobody's envelope there is nothing to compare it with: it would only be read.
  if (commits.length < 2) return "alone";
  const before = closedAs(committee);
  if (before?.sets.includes(nameOfSet(set))) return undefined;
  if (before?.isBinding) return "closed-already";
  if (head === undefined || head >= committee.block) return "block-known";
  return committee.block > head + closeAheadMax ? "block-far" : undefined;
}

function closing(set: CommitSet): MemberEffect[] {
  const { committee } = set;
  return committee.kind === "drawn" ? [{ kind: "close", committee, set: nameOfSet(set) }] : [];
}

function refusalToOpen(
  state: MemberState,
  { set, secret }: Extract<MemberEvent, { kind: "shown" }>,
  rules: MemberRules,
): RefusalToOpen | undefined {
  const { committee } = set;
  const isClosed = committee.kind !== "drawn" || rules.closedAs(committee)?.sets.includes(nameOfSet(set));
  if (!isClosed) return "not-closed";
  const before = openedFor(state, set);
  if (before !== undefined && before.set !== nameOfSet(set)) return "opened-already";
  return secretComplaint(set, secret, rules);
}

/** The set's digest, as it is kept. */
export function nameOfSet(set: CommitSet): Hex32 {
  return bytesToHex(setDigest(set));
}

function openedFor({ opened }: MemberState, { committee }: CommitSet): Opened | undefined {
  return opened.find((each) => each.committee === nameOf(committee));
}

function nameOf(committee: Committee): string {
  return committee.kind === "client" ? committee.secretHash : String(committee.epoch);
}

/** Is it the same question and the same answer? */
export function isSameAnswer(a: AnswerId, b: AnswerId): boolean {
  return (
    a.job === b.job &&
    a.spec === b.spec &&
    a.input === b.input &&
    a.transcript === b.transcript &&
    a.tokens === b.tokens
  );
}
