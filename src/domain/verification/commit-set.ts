import type { SessionKey } from "../ids.ts";
import {
  type AnswerId,
  type Commit,
  type CommitSet,
  commitBytes,
  type Hex32,
  secretHash,
} from "./committee.ts";

/** Ed25519 (ports.ts, Verify): pure, and false for what is no key or no signature. */
export type Verify = (key: SessionKey, bytes: Uint8Array, signature: string) => boolean;

/** What everybody who looks at a set goes by. */
export interface SetRules {
  readonly verify: Verify;
  /** The beacon's value of a block; undefined while it is not known here. */
  readonly beaconAt: (block: number) => Hex32 | undefined;
}

/** Why a set (or the secret shown with it) is refused. */
export type SetComplaint =
  | "foreign-commit" // by nobody in the committee
  | "member-twice"
  | "out-of-order"
  | "no-executor" // without the executor's commit there is nothing to compare with
  | "forged-commit" // its signature is not its member's over this answer
  | "wrong-secret"
  | "beacon-unknown";

/** What is wrong with a set and its secret, whoever looks; undefined for nothing. */
export function setComplaint(set: CommitSet, secret: Hex32, rules: SetRules): SetComplaint | undefined {
  return commitsComplaint(set, rules.verify) ?? secretComplaint(set, secret, rules);
}

/** What is wrong with a set as it is before its secret is known. */
export function commitsComplaint(set: CommitSet, verify: Verify): SetComplaint | undefined {
  const members = [set.executor, ...set.witnesses];
  if (new Set(members.map(({ node }) => node.toLowerCase())).size < members.length) return "member-twice";
  if (new Set(members.map(({ sessionKey }) => sessionKey)).size < members.length) return "member-twice";
  let last = -1;
  for (const commit of set.commits) {
    const at = members.findIndex(({ node }) => node === commit.node);
    if (at < 0) return "foreign-commit";
    if (at <= last) return "out-of-order";
    last = at;
    if (!isAuthentic(set.answer, commit, members[at]!.sessionKey, verify)) return "forged-commit";
  }
  return set.commits[0]?.node === set.executor.node ? undefined : "no-executor";
}

/** Did the holder of this session key sign this commit for this answer? */
export function isAuthentic(answer: AnswerId, commit: Commit, key: SessionKey, verify: Verify): boolean {
  return verify(key, commitBytes(answer, commit), commit.signature);
}

/** Has every member committed? If not, somebody missed the deadline, or is said to have. */
export function isFull({ witnesses, commits }: CommitSet): boolean {
  return commits.length === 1 + witnesses.length;
}

/** What is wrong with the secret alone. */
export function secretComplaint(
  { committee }: CommitSet,
  secret: Hex32,
  { beaconAt }: SetRules,
): SetComplaint | undefined {
  if (committee.kind === "client")
    return secretHash(secret) === committee.secretHash ? undefined : "wrong-secret";
  const beacon = beaconAt(committee.block);
  if (beacon === undefined) return "beacon-unknown";
  return beacon === secret ? undefined : "wrong-secret";
}
