import type { Address } from "../ids.ts";
import type { Verdict } from "../inference/effect.ts";
import { type SetComplaint, setComplaint } from "./commit-set.ts";
import { geometricMean, relativeDistances, rootMeanSquare } from "./distance.ts";
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
  /** Over the positions opened, noises; and how far at most of them. */
  readonly distance: number;
  readonly usual: number;
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
  /** Members whose fingerprints lie far from those of all who agree, these being enough to decide, or most of all. */
  readonly outliers: readonly Address[];
}

/**
 * What follows from a proof, the same for everybody who looks at it with the same calibration (and tokens).
 *
 * Valid: two thirds of the witnesses stand for the executor, that is, each accepted the tokens and has a fingerprint
 * near the executor's. Invalid: two thirds, and no fewer than two, stand against it who are not far from one another,
 * since liars are wrong in different ways; or the executor's own leaves contradict its tokens, which needs no witness.
 * Anything else is inconclusive, and nobody is blamed for it but who lies far from a majority that is not far from one
 * another. Never throws.
 */
export function rule(proof: Proof, rules: RulingRules, tokens?: Tokens): Ruling {
  const unsound = setComplaint(proof.set, proof.secret, rules);
  if (unsound !== undefined)
    return { verdict: "inconclusive", unsound, opened: 0, members: [], pairs: [], outliers: [] };
  const seats = seatsOf(proof, rules, tokens) as [Seat, ...Seat[]];
  const pairs = pairsOf(seats, rules.tolerances);
  const outcomeOf: OutcomeOf = (a, b) =>
    pairs.find(({ one, other }) => (one === a && other === b) || (one === b && other === a))?.outcome;
  const [executor, ...witnesses] = seats;
  const stands = witnesses.map((witness) => standOf(executor, witness, outcomeOf));
  const { verdict, camp } = decide(seats, stands, outcomeOf);
  return {
    verdict,
    opened: Math.max(...seats.map(({ opened }) => (typeof opened === "string" ? 0 : opened.leaves.length))),
    members: seats.map((seat, at) => findingOf(seat, stands[at - 1])),
    pairs,
    outliers: outliersOf(camp, seats, outcomeOf),
  };
}

/** How many witnesses of `count` must agree. */
export function quorumOf(count: number): number {
  return Math.max(1, Math.ceil((2 * count) / 3));
}

/** Fewest who can convict: one voice against another is no verdict. */
export const againstMin = 2;

type OutcomeOf = (a: Address, b: Address) => Verdict | undefined;

function pairsOf(seats: readonly Seat[], tolerances: Tolerances): PairFinding[] {
  return seats.flatMap((a, at) =>
    seats.slice(at + 1).flatMap((b): PairFinding[] => {
      if (typeof a.opened === "string" || typeof b.opened === "string") return [];
      const tolerance = tolerances(a.member.profile, b.member.profile);
      const { leaves } = a.opened;
      const apart = relativeDistances(leaves, b.opened.leaves);
      const [distance, usual] = [rootMeanSquare(apart), geometricMean(apart)];
      const outcome = weighMean(distance, leaves.length, tolerance?.distance ?? []);
      const calibrated = tolerance !== undefined;
      return [{ one: a.member.node, other: b.member.node, distance, usual, outcome, calibrated }];
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

/** The verdict, and those who agree on it: by their distance from these the others are known. */
function decide(
  [executor, ...witnesses]: readonly [Seat, ...Seat[]],
  stands: readonly Stand[],
  outcomeOf: OutcomeOf,
): { readonly verdict: Verdict; readonly camp: readonly Address[] } {
  const quorum = quorumOf(witnesses.length);
  const who = (side: Stand) =>
    witnesses.filter((_, at) => stands[at] === side).map(({ member }) => member.node);
  const [supporters, opponents] = [who("for"), who("against")];
  const camp = campAmong(opponents, Math.max(againstMin, quorum), outcomeOf);
  if (isContradicted(executor)) return { verdict: "invalid", camp };
  if (supporters.length >= quorum) return { verdict: "valid", camp: [executor.member.node, ...supporters] };
  if (camp.length > 0) return { verdict: "invalid", camp };
  const opened = [executor, ...witnesses].filter(({ opened }) => typeof opened !== "string");
  const most = Math.max(majorityMin, Math.floor((1 + witnesses.length) / 2) + 1);
  const nodes = opened.map(({ member }) => member.node);
  return { verdict: "inconclusive", camp: campAmong(nodes, most, outcomeOf) };
}

/** Fewest who can be a majority by whom one is known: of three, one liar and its friend would be. */
const majorityMin = 3;

/** So many of these, or more, of whom no two are far from each other; none where there is no such camp. */
function campAmong(nodes: readonly Address[], least: number, outcomeOf: OutcomeOf): readonly Address[] {
  const near = (one: Address) => nodes.filter((other) => outcomeOf(one, other) !== "invalid");
  const isCamp = (camp: readonly Address[]) =>
    camp.length >= least && camp.every((a) => camp.every((b) => outcomeOf(a, b) !== "invalid"));
  return nodes.map(near).find(isCamp) ?? [];
}

function findingOf({ member: { node }, opened }: Seat, stands: Stand | undefined): MemberFinding {
  const standing = stands === undefined ? {} : { stands };
  if (typeof opened === "string") return { node, complaint: opened, ...standing };
  return { node, said: opened.verdict, ...(opened.contradicted ? { contradicted: true } : {}), ...standing };
}

/** Two who agree at least; one alone is no measure of anybody. */
function outliersOf(camp: readonly Address[], seats: readonly Seat[], outcomeOf: OutcomeOf): Address[] {
  if (camp.length < 2) return [];
  const nodes = seats.map(({ member }) => member.node);
  return nodes.filter((node) => camp.every((one) => outcomeOf(one, node) === "invalid"));
}
