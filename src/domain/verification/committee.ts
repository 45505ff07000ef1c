import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { Address, JobId, SessionKey } from "../ids.ts";
import type { Verdict } from "../inference/effect.ts";
import { digest, joined, u32 } from "./digest.ts";
import type { FingerprintOpening } from "./fingerprint.ts";
import type { SignedStatement } from "./statement.ts";

/**
 * The words of commit and reveal.
 *
 * When an answer has ended, every member of its committee, the executor like each witness, *commits*: it signs a
 * sealed envelope holding its fingerprint and its verdict. The gateway collects the commits into a *set* and shows the
 * set, with the audit secret, to all (a drawn committee's is *closed* first, while the block that will be its secret is
 * to come); only against that does anybody *open*, and signs for it. So nobody's logits are
 * known to anybody while an envelope can still be filled: who did no work has nothing to put in, and nothing to copy.
 *
 * A commit names its answer and no committee. So it can ride on the last word a member says anyway, and the executor's
 * serves again when auditors are drawn long after.
 */

/** 32 bytes as 64 lower-case hex digits. */
export type Hex32 = string;

/** What was asked and what was said (`answerIdOf`), so that everybody in a committee means the same. */
export interface AnswerId {
  readonly job: JobId;
  /** Model, sampling, limit. */
  readonly spec: Hex32;
  /** The prompt. */
  readonly input: Hex32;
  /** The transcript's digest after the last chunk. */
  readonly transcript: Hex32;
  /** Tokens of the answer. */
  readonly tokens: number;
}

/** What is in a member's envelope. */
export interface Testimony {
  /** Keeps the envelope's content from being guessed; 32 random bytes, fresh for each. */
  readonly salt: Hex32;
  /** `fingerprintRoot` over all positions of the answer. */
  readonly root: Hex32;
  /** On the tokens, by its own margins. An executor's own is "valid": it said them. */
  readonly verdict: Verdict;
}

/** A sealed envelope: 32 bytes, and who signed for them. */
export interface Commit {
  readonly node: Address;
  readonly sealed: Hex32;
  /** Ed25519 by the member's session key over `commitBytes`, base64. */
  readonly signature: string;
}

export interface Member {
  readonly node: Address;
  readonly sessionKey: SessionKey;
  /** Its numeric profile, as its offer states it. */
  readonly profile: string;
}

/**
 * Who chose the committee, and what decides the positions it opens. "client": the requester, by a secret whose hash
 * it told before anybody answered; convinces the requester only. "drawn": stake and chance, by the beacon of an epoch
 * later than what is judged; the hash of a block later than every commit decides the positions. Convinces strangers.
 */
export type Committee =
  | { readonly kind: "client"; readonly secretHash: Hex32 }
  | { readonly kind: "drawn"; readonly epoch: number; readonly block: number };

export type DrawnCommittee = Extract<Committee, { kind: "drawn" }>;

/** What a member keeps of a drawn committee. */
export interface Closed {
  /** Digests of the sets it may open against: the first of them that is shown. */
  readonly sets: readonly Hex32[];
  /** There will be no other: one was opened, or there are as many as there may be. */
  readonly isBinding: boolean;
}

/** The committee of one answer and what it committed to. */
export interface CommitSet {
  readonly answer: AnswerId;
  readonly committee: Committee;
  /** The one who spoke last, or alone; its fingerprint answers for the whole answer. */
  readonly executor: Member;
  /** In any fixed order, each node once. */
  readonly witnesses: readonly Member[];
  /** One for each member who made the deadline: the executor's first, then in the witnesses' order. */
  readonly commits: readonly Commit[];
}

/** An opened envelope, and a statement for exactly the set it was opened against (`statementOf`). */
export interface Opening extends Testimony, FingerprintOpening {
  readonly node: Address;
  readonly statement: SignedStatement;
}

/** What goes into a member's commit. */
export function sealTestimony(answer: AnswerId, node: Address, { salt, root, verdict }: Testimony): Hex32 {
  const inside = [hexToBytes(salt), hexToBytes(root), verdict];
  return bytesToHex(digest("envelope", answerBytes(answer), nodeBytes(node), ...inside));
}

/** What the session key signs for a commit. */
export function commitBytes(answer: AnswerId, { node, sealed }: Omit<Commit, "signature">): Uint8Array {
  return digest("commit", answerBytes(answer), nodeBytes(node), hexToBytes(sealed));
}

/**
 * The set as 32 bytes. Every opening's statement is over it, so an envelope that was filled after somebody opened is
 * in no set that anybody signed for.
 */
export function setDigest(set: CommitSet): Uint8Array {
  const known = digests.get(set);
  if (known !== undefined) return known;
  const found = digestOf(set);
  digests.set(set, found);
  return found;
}

/** Of sets at hand: whoever opens or judges asks for the same one several times, and a set never changes. */
const digests = new WeakMap<CommitSet, Uint8Array>();

function digestOf({ answer, committee, executor, witnesses, commits }: CommitSet): Uint8Array {
  const members = [executor, ...witnesses].map(({ node, sessionKey, profile }) =>
    digest("member", nodeBytes(node), hexToBytes(sessionKey), profile),
  );
  const sealed = commits.map(({ node, sealed }) => joined([nodeBytes(node), hexToBytes(sealed)]));
  const entropy =
    committee.kind === "client"
      ? hexToBytes(committee.secretHash)
      : joined([u32(committee.epoch), u32(committee.block)]);
  return digest("set", answerBytes(answer), committee.kind, entropy, joined(members), joined(sealed));
}

/** What a job says of its audit secret before anybody answers. */
export function secretHash(secret: Hex32): Hex32 {
  return bytesToHex(digest("audit secret", hexToBytes(secret)));
}

/** An EVM address as its 20 bytes. */
export function nodeBytes(node: Address): Uint8Array {
  return hexToBytes(node.slice(2));
}

function answerBytes(answer: AnswerId): Uint8Array {
  const known = answers.get(answer);
  if (known !== undefined) return known;
  const { job, spec, input, transcript, tokens } = answer;
  const names = [job, spec, input, transcript].map((name) => hexToBytes(name));
  const found = digest("answer", ...names, tokens);
  answers.set(answer, found);
  return found;
}

/** As `digests`: every commit of a set is about the same answer. */
const answers = new WeakMap<AnswerId, Uint8Array>();
