import { hexToBytes } from "@noble/hashes/utils.js";
import type { Address } from "../ids.ts";
import type { Verdict } from "../inference/effect.ts";
import { type SetComplaint, type SetRules, setComplaint } from "./commit-set.ts";
import { type CommitSet, type Hex32, type Member, type Opening, sealTestimony } from "./committee.ts";
import { meanDistance } from "./distance.ts";
import { openedLeaves } from "./fingerprint.ts";
import type { Leaf } from "./leaf.ts";
import { auditPositions } from "./positions.ts";
import { type Market, statementDigest, statementOf } from "./statement.ts";
import { type Tolerances, weighMean } from "./tolerance.ts";

/** Everything that a stranger needs to judge an answer's committee: the commits, the secret, and what was opened. */
export interface Proof {
  readonly set: CommitSet;
  readonly secret: Hex32;
  readonly openings: readonly Opening[];
}

export interface RulingRules extends SetRules {
  readonly market: Market;
  readonly tolerances: Tolerances;
}

/** Why a member's opening does not count. */
export type OpeningComplaint =
  | "not-opened"
  | "opened-twice"
  | "other-testimony" // not what its commit sealed
  | "other-leaves" // they do not lead to its root at these positions
  | "other-set"; // its statement is not for this set and verdict, or not signed by it

/** How two members' fingerprints compare. */
export interface PairFinding {
  readonly one: Address;
  readonly other: Address;
  /** Mean over the positions opened, logits. */
  readonly distance: number;
  readonly outcome: Verdict;
  /** False: nobody has calibrated this pair of profiles, so its outcome is inconclusive. */
  readonly calibrated: boolean;
}

export interface MemberFinding {
  readonly node: Address;
  readonly complaint?: OpeningComplaint;
  /** Its verdict on the tokens; absent when its opening does not count. */
  readonly said?: Verdict;
  /** What it comes to, of a witness: does it stand for the executor, against it, or neither? */
  readonly stands?: "for" | "against" | "neither";
}

export interface Ruling {
  readonly verdict: Verdict;
  /** Set when the proof itself is not sound; then nothing follows about the answer. */
  readonly unsound?: SetComplaint;
  readonly positions: readonly number[];
  /** The executor first. */
  readonly members: readonly MemberFinding[];
  readonly pairs: readonly PairFinding[];
  /** Members whose fingerprints lie far from those of all who agree, these being enough to decide. */
  readonly outliers: readonly Address[];
}

/**
 * What follows from a proof, the same for everybody who looks at it with the same calibration.
 *
 * Valid: two thirds of the witnesses stand for the executor, that is, each accepted the tokens and has a fingerprint
 * near the executor's. Invalid: two thirds, and no fewer than two, stand against it, and those who do for its
 * fingerprint are near one another, since liars are wrong in different ways. Anything else is inconclusive, and
 * nobody is blamed for it. Never throws.
 */
export function rule(proof: Proof, rules: RulingRules): Ruling {
  const { set, secret } = proof;
  const unsound = setComplaint(set, secret, rules);
  if (unsound !== undefined)
    return { verdict: "inconclusive", unsound, positions: [], members: [], pairs: [], outliers: [] };
  const positions = auditPositions(set, secret);
  const seats = [set.executor, ...set.witnesses].map((member) => seatOf(member, proof, positions, rules));
  const pairs = pairsOf(seats, positions.length, rules.tolerances);
  const outcomeOf = (a: Address, b: Address) =>
    pairs.find(({ one, other }) => (one === a && other === b) || (one === b && other === a))?.outcome;
  const [executor, ...witnesses] = seats as [Seat, ...Seat[]];
  const stands = witnesses.map((witness) => standOf(executor, witness, outcomeOf));
  const verdict = verdictOf(witnesses, stands, outcomeOf);
  const members = seats.map((seat, at) => ({
    ...findingOf(seat),
    ...(at === 0 ? {} : { stands: stands[at - 1]! }),
  }));
  const outliers = outliersOf(verdict, [executor, ...witnesses], stands, outcomeOf);
  return { verdict, positions, members, pairs, outliers };
}

/** How many witnesses of `count` must agree. */
export function quorumOf(count: number): number {
  return Math.max(1, Math.ceil((2 * count) / 3));
}

/** Fewest who can convict: one voice against another is no verdict. */
const againstMin = 2;

interface Seat {
  readonly member: Member;
  readonly opened: { readonly leaves: readonly Leaf[]; readonly verdict: Verdict } | OpeningComplaint;
}

type OutcomeOf = (a: Address, b: Address) => Verdict | undefined;
type Stand = NonNullable<MemberFinding["stands"]>;

function seatOf(member: Member, proof: Proof, positions: readonly number[], rules: RulingRules): Seat {
  const { set, openings } = proof;
  const [opening, second] = openings.filter(({ node }) => node === member.node);
  const commit = set.commits.find(({ node }) => node === member.node);
  if (opening === undefined || commit === undefined) return { member, opened: "not-opened" };
  if (second !== undefined) return { member, opened: "opened-twice" };
  return { member, opened: readOpening(opening, member, commit.sealed, proof, positions, rules) };
}

function readOpening(
  opening: Opening,
  { node, sessionKey }: Member,
  sealed: Hex32,
  proof: Proof,
  positions: readonly number[],
  { verify, market }: RulingRules,
): Seat["opened"] {
  const { root, verdict, statement } = opening;
  const { set, secret } = proof;
  if (sealTestimony(set.answer, node, opening) !== sealed) return "other-testimony";
  const { job, tokens } = set.answer;
  const committed = { root: hexToBytes(root), count: tokens, positions };
  const leaves = openedLeaves({ job, node }, committed, opening);
  if (leaves === undefined) return "other-leaves";
  const signed = statementDigest(market, statementOf(set, secret, verdict, statement));
  return verify(sessionKey, signed, statement.signature) ? { leaves, verdict } : "other-set";
}

function findingOf({ member: { node }, opened }: Seat): MemberFinding {
  return typeof opened === "string" ? { node, complaint: opened } : { node, said: opened.verdict };
}

function pairsOf(seats: readonly Seat[], positions: number, tolerances: Tolerances): PairFinding[] {
  return seats.flatMap((a, at) =>
    seats.slice(at + 1).flatMap((b): PairFinding[] => {
      if (typeof a.opened === "string" || typeof b.opened === "string") return [];
      const tolerance = tolerances(a.member.profile, b.member.profile);
      const distance = meanDistance(a.opened.leaves, b.opened.leaves);
      const outcome = weighMean(distance, positions, tolerance?.distance ?? []);
      const calibrated = tolerance !== undefined;
      return [{ one: a.member.node, other: b.member.node, distance, outcome, calibrated }];
    }),
  );
}

function standOf(executor: Seat, witness: Seat, outcomeOf: OutcomeOf): Stand {
  if (typeof witness.opened === "string" || typeof executor.opened === "string") return "neither";
  const outcome = outcomeOf(executor.member.node, witness.member.node);
  if (witness.opened.verdict === "invalid" || outcome === "invalid") return "against";
  return witness.opened.verdict === "valid" && outcome === "valid" ? "for" : "neither";
}

function verdictOf(witnesses: readonly Seat[], stands: readonly Stand[], outcomeOf: OutcomeOf): Verdict {
  const quorum = quorumOf(witnesses.length);
  if (stands.filter((stand) => stand === "for").length >= quorum) return "valid";
  const against = witnesses.filter((_, at) => stands[at] === "against").map(({ member }) => member.node);
  const isSplit = against.some((a) => against.some((b) => outcomeOf(a, b) === "invalid"));
  return against.length >= Math.max(againstMin, quorum) && !isSplit ? "invalid" : "inconclusive";
}

function outliersOf(
  verdict: Verdict,
  [executor, ...witnesses]: readonly [Seat, ...Seat[]],
  stands: readonly Stand[],
  outcomeOf: OutcomeOf,
): Address[] {
  if (verdict === "inconclusive") return [];
  const nodes = witnesses.map(({ member }) => member.node);
  const side = nodes.filter((_, at) => stands[at] === (verdict === "valid" ? "for" : "against"));
  const camp = verdict === "valid" ? [executor.member.node, ...side] : side;
  const others = [executor.member.node, ...nodes].filter((node) => !camp.includes(node));
  return others.filter((node) => camp.every((one) => outcomeOf(one, node) === "invalid"));
}
