import type { Address } from "../ids.ts";
import type { Verdict } from "../inference/effect.ts";
import { type SetComplaint, setComplaint } from "./commit-set.ts";
import { meanDistance } from "./distance.ts";
import {
  type OpeningComplaint,
  type Proof,
  type RulingRules,
  type Seat,
  seatsOf,
  type Tokens,
} from "./seat.ts";
import { type Tolerances, weighMean } from "./tolerance.ts";

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
  /** By its own leaves the answer's tokens could not have been chosen, whatever it said. */
  readonly contradicted?: true;
  /** What it comes to, of a witness: does it stand for the executor, against it, or neither? */
  readonly stands?: Stand;
}

type Stand = "for" | "against" | "neither";

export interface Ruling {
  readonly verdict: Verdict;
  /** Set when the proof itself is not sound; then nothing follows about the answer. */
  readonly unsound?: SetComplaint;
  /** Positions that were opened. */
  readonly opened: number;
  /** The executor first. */
  readonly members: readonly MemberFinding[];
  readonly pairs: readonly PairFinding[];
  /** Members whose fingerprints lie far from those of all who agree, these being enough to decide. */
  readonly outliers: readonly Address[];
}

/**
 * What follows from a proof, the same for everybody who looks at it with the same calibration (and tokens).
 *
 * Valid: two thirds of the witnesses stand for the executor, that is, each accepted the tokens and has a fingerprint
 * near the executor's. Invalid: two thirds, and no fewer than two, stand against it, and no two of those are far from
 * each other, since liars are wrong in different ways; or the executor's own leaves contradict its tokens, which needs
 * no witness. Anything else is inconclusive, and nobody is blamed for it. Never throws.
 */
export function rule(proof: Proof, rules: RulingRules, tokens?: Tokens): Ruling {
  const unsound = setComplaint(proof.set, proof.secret, rules);
  if (unsound !== undefined)
    return { verdict: "inconclusive", unsound, opened: 0, members: [], pairs: [], outliers: [] };
  const seats = seatsOf(proof, rules, tokens);
  const pairs = pairsOf(seats, rules.tolerances);
  const outcomeOf: OutcomeOf = (a, b) =>
    pairs.find(({ one, other }) => (one === a && other === b) || (one === b && other === a))?.outcome;
  const [executor, ...witnesses] = seats as [Seat, ...Seat[]];
  const stands = witnesses.map((witness) => standOf(executor, witness, outcomeOf));
  const verdict = isContradicted(executor) ? "invalid" : verdictOf(witnesses, stands, outcomeOf);
  return {
    verdict,
    opened: Math.max(...seats.map(({ opened }) => (typeof opened === "string" ? 0 : opened.leaves.length))),
    members: seats.map((seat, at) => findingOf(seat, stands[at - 1])),
    pairs,
    outliers: outliersOf(verdict, seats, stands, outcomeOf),
  };
}

/** How many witnesses of `count` must agree. */
export function quorumOf(count: number): number {
  return Math.max(1, Math.ceil((2 * count) / 3));
}

/** Fewest who can convict: one voice against another is no verdict. */
const againstMin = 2;

type OutcomeOf = (a: Address, b: Address) => Verdict | undefined;

function pairsOf(seats: readonly Seat[], tolerances: Tolerances): PairFinding[] {
  return seats.flatMap((a, at) =>
    seats.slice(at + 1).flatMap((b): PairFinding[] => {
      if (typeof a.opened === "string" || typeof b.opened === "string") return [];
      const tolerance = tolerances(a.member.profile, b.member.profile);
      const { leaves } = a.opened;
      const distance = meanDistance(leaves, b.opened.leaves);
      const outcome = weighMean(distance, leaves.length, tolerance?.distance ?? []);
      const calibrated = tolerance !== undefined;
      return [{ one: a.member.node, other: b.member.node, distance, outcome, calibrated }];
    }),
  );
}

function isContradicted({ opened }: Seat): boolean {
  return typeof opened !== "string" && opened.contradicted;
}

function standOf(executor: Seat, witness: Seat, outcomeOf: OutcomeOf): Stand {
  if (typeof witness.opened === "string" || typeof executor.opened === "string") return "neither";
  const outcome = outcomeOf(executor.member.node, witness.member.node);
  const { verdict, contradicted } = witness.opened;
  if (verdict === "invalid" || contradicted || outcome === "invalid") return "against";
  return verdict === "valid" && outcome === "valid" ? "for" : "neither";
}

function verdictOf(witnesses: readonly Seat[], stands: readonly Stand[], outcomeOf: OutcomeOf): Verdict {
  const quorum = quorumOf(witnesses.length);
  if (stands.filter((stand) => stand === "for").length >= quorum) return "valid";
  const against = witnesses.filter((_, at) => stands[at] === "against").map(({ member }) => member.node);
  const isSplit = against.some((a) => against.some((b) => outcomeOf(a, b) === "invalid"));
  return against.length >= Math.max(againstMin, quorum) && !isSplit ? "invalid" : "inconclusive";
}

function findingOf({ member: { node }, opened }: Seat, stands: Stand | undefined): MemberFinding {
  const standing = stands === undefined ? {} : { stands };
  if (typeof opened === "string") return { node, complaint: opened, ...standing };
  return { node, said: opened.verdict, ...(opened.contradicted ? { contradicted: true } : {}), ...standing };
}

/** Two who agree at least; one alone is no measure of anybody. */
function outliersOf(
  verdict: Verdict,
  seats: readonly Seat[],
  stands: readonly Stand[],
  outcomeOf: OutcomeOf,
): Address[] {
  const side = verdict === "valid" ? "for" : verdict === "invalid" ? "against" : undefined;
  const nodes = seats.map(({ member }) => member.node);
  const camp = nodes.filter((_, at) => (at === 0 ? verdict === "valid" : stands[at - 1] === side));
  if (side === undefined || camp.length < 2) return [];
  return nodes.filter((node) => camp.every((one) => outcomeOf(one, node) === "invalid"));
}
