import { hexToBytes } from "@noble/hashes/utils.js";
import type { TokenId } from "../ids.ts";
import type { Verdict } from "../inference/effect.ts";
import type { Sampling } from "../inference/spec.ts";
import type { SetRules } from "./commit-set.ts";
import { type CommitSet, type Hex32, type Member, type Opening, sealTestimony } from "./committee.ts";
import { openedLeaves } from "./fingerprint.ts";
import { type Leaf, leafCandidates, leafStep } from "./leaf.ts";
import { leafMargin } from "./leaf-margin.ts";
import { noMargins, weighMargins, withMargin } from "./margin-tally.ts";
import { auditPositions } from "./positions.ts";
import { type Market712, statementDigest, statementOf } from "./statement.ts";
import type { Tolerance, Tolerances } from "./tolerance.ts";

/** Everything that a stranger needs to judge an answer's committee: the commits, the secret, and what was opened. */
export interface Proof {
  readonly set: CommitSet;
  readonly secret: Hex32;
  readonly openings: readonly Opening[];
}

/** The answer's tokens, for who has them: then opened leaves are held against them as well. */
export interface Tokens {
  readonly ids: readonly TokenId[];
  readonly sampling: Sampling;
  /** Position from which on the executor said all of them itself; before it somebody else may have. */
  readonly ownFrom: number;
}

export interface RulingRules extends SetRules {
  readonly market: Market712;
  readonly tolerances: Tolerances;
  /** The latest expiry that a statement signed by now can have, Unix ms; absent: not looked at. */
  readonly expiryMax?: number;
}

/** Why a member's opening does not count. */
export type OpeningComplaint =
  | "not-opened"
  | "opened-twice"
  | "other-testimony" // not what its commit sealed
  | "other-leaves" // they do not lead to its root at these positions
  | "other-set" // its statement is not for this set and verdict, or not signed by it
  | "late-expiry"; // of a statement that would stand longer than any: it hides when it was signed

/** A member and what its opening comes to. */
export interface Seat {
  readonly member: Member;
  readonly opened: Opened | OpeningComplaint;
}

interface Opened {
  readonly leaves: readonly Leaf[];
  readonly verdict: Verdict;
  /** By what these leaves show, the answer's tokens could not have been chosen; whatever its verdict is. */
  readonly contradicted: boolean;
}

/** The executor's seat first. The proof's set is sound (`setComplaint`). */
export function seatsOf(proof: Proof, rules: RulingRules, tokens: Tokens | undefined): Seat[] {
  const { set, secret, openings } = proof;
  const positions = auditPositions(set, secret);
  return [set.executor, ...set.witnesses].map((member, at): Seat => {
    const [opening, second] = openings.filter(({ node }) => node === member.node);
    const sealed = set.commits.find(({ node }) => node === member.node)?.sealed;
    if (opening === undefined || sealed === undefined) return { member, opened: "not-opened" };
    if (second !== undefined || sealTestimony(set.answer, member.node, opening) !== sealed)
      return { member, opened: second === undefined ? "other-testimony" : "opened-twice" };
    const leaves = leavesOf(opening, proof, positions);
    if (leaves === undefined) return { member, opened: "other-leaves" };
    if (!isSigned(opening, member, proof, rules)) return { member, opened: "other-set" };
    if (opening.statement.expiry > (rules.expiryMax ?? Number.POSITIVE_INFINITY))
      return { member, opened: "late-expiry" };
    const tolerance = rules.tolerances(set.executor.profile, member.profile);
    const shown = tokens === undefined ? [] : marginsOf(leaves, positions, tokens);
    const contradicted = rulesOut(shown, tokens, tolerance) || (at === 0 && belies(shown, tokens));
    return { member, opened: { leaves, verdict: opening.verdict, contradicted } };
  });
}

function leavesOf(opening: Opening, { set }: Proof, positions: readonly number[]): Leaf[] | undefined {
  const { job, tokens } = set.answer;
  const committed = { root: hexToBytes(opening.root), count: tokens, positions };
  return openedLeaves({ job, node: opening.node }, committed, opening);
}

function isSigned(
  { verdict, statement }: Opening,
  { sessionKey }: Member,
  { set, secret }: Proof,
  { market, verify }: RulingRules,
): boolean {
  const digest = statementDigest(market, statementOf(set, secret, verdict, statement));
  return verify(sessionKey, digest, statement.signature);
}

/** What a leaf shows of the answer's token at its position. */
interface Shown {
  readonly position: number;
  readonly leaf: Leaf;
  /** The least that its margin can have been (leaf-margin.ts). */
  readonly margin: number;
}

function marginsOf(
  leaves: readonly Leaf[],
  positions: readonly number[],
  { ids, sampling }: Tokens,
): readonly Shown[] {
  return positions.map((position, at) => {
    const leaf = leaves[at]!;
    return { position, leaf, margin: leafMargin(leaf, ids[position] ?? -1, sampling, position) };
  });
}

/** A leaf is on a grid, so that of two of its logits each may be off by half a step: all that an honest choice can be. */
const ownMarginMax = 2 * leafStep;

/**
 * Does the executor's own fingerprint contradict what it said? It chose by the very logits its leaves show, so there is
 * no noise to make allowance for, and no calibration needed: whoever writes by other means than those whose fingerprint
 * it shows is found out wherever the two differ, by whoever looks.
 */
function belies(shown: readonly Shown[], tokens: Tokens | undefined): boolean {
  if (tokens === undefined) return false;
  return shown.some(({ position, margin }) => position >= tokens.ownFrom && margin > ownMarginMax);
}

/** Do these leaves rule out the tokens at their positions? Without tokens, or a calibration, nobody can say they do. */
export function contradicts(
  leaves: readonly Leaf[],
  positions: readonly number[],
  tokens: Tokens | undefined,
  tolerance: Tolerance | undefined,
): boolean {
  return tokens !== undefined && rulesOut(marginsOf(leaves, positions, tokens), tokens, tolerance);
}

function rulesOut(
  shown: readonly Shown[],
  tokens: Tokens | undefined,
  tolerance: Tolerance | undefined,
): boolean {
  if (tokens === undefined || tolerance === undefined) return false;
  const tally = shown.reduce(
    (sum, { leaf, margin }) => withMargin(sum, margin, leafCandidates(leaf), tokens.sampling),
    noMargins,
  );
  return weighMargins({ ...tally, informative: shown.length }, tolerance) === "invalid";
}
