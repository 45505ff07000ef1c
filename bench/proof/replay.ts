import { createHash } from "node:crypto";
import { tallyOf } from "../../src/commands/calibrate/calibration.ts";
import type { Said, Seen } from "../../src/commands/calibrate/trace.ts";
import type { Verdict } from "../../src/domain/inference/effect.ts";
import type { Leaf } from "../../src/domain/verification/leaf.ts";
import { weighAnswer } from "../../src/domain/verification/margin-tally.ts";
import { type Ruling, rule } from "../../src/domain/verification/ruling.ts";
import type { Tolerances } from "../../src/domain/verification/tolerance.ts";
import { isUndecided } from "../../src/domain/verification/undecided.ts";
import {
  answerOf,
  createPerson,
  market,
  type Part,
  proofOf,
  rulingRules,
} from "../../test/rigs/committee.ts";

/** A witness's part in the proof; `silent`: it keeps its envelope closed. */
export interface Witness extends Part {
  readonly silent?: true;
}

/**
 * What became of a recorded answer: ruled upon by the real rules, with real keys, commits and openings. `ownFrom`: from
 * where on the executor's own fingerprint has to show its choices.
 */
export function replay(
  said: Said,
  witnesses: readonly Witness[],
  tolerances: Tolerances,
  { ownFrom = 0 }: { readonly ownFrom?: number } = {},
): Ruling {
  const answer = answerOf(said.ids.length, createHash("sha256").update(String(said.index)).digest("hex"));
  const parts: Witness[] = [{ leaves: said.leaves, profile: said.profile }, ...witnesses];
  const people = parts.map(({ profile }) => createPerson(profile));
  const { ids, sampling } = said;
  const proof = proofOf(answer, parts, people);
  const openings = proof.openings.filter((_, at) => parts[at]!.silent !== true);
  return rule({ ...proof, openings }, { ...rulingRules, market, tolerances }, { ids, sampling, ownFrom });
}

/**
 * The first committee's ruling, or that of one which met again, as the gateway has it: without those who kept silent, and
 * with one more of `reserve`.
 */
export function settle<Seated extends Witness>(
  said: Said,
  first: readonly Seated[],
  reserve: readonly Seated[],
  tolerances: Tolerances,
  own: { readonly ownFrom?: number } = {},
): { readonly ruling: Ruling; readonly seats: readonly Seated[]; readonly again: boolean } {
  let seats = first;
  let ruling = replay(said, seats, tolerances, own);
  let met = 0;
  while (isUndecided(ruling) && met < reserve.length) {
    seats = [...seats.filter(({ silent }) => silent !== true), reserve[met]!];
    met += 1;
    ruling = replay(said, seats, tolerances, own);
  }
  return { ruling, seats, again: met > 0 };
}

/** An honest witness's part in the proof. */
export function partOf(said: Said, seen: Seen, tolerances: Tolerances): Part {
  return { leaves: seen.leaves, profile: seen.profile, verdict: verdictOf(said, seen, tolerances) };
}

/** A witness's part that was made up: somebody else's leaves, or nobody's. */
export function falsePart(said: Said, seen: Seen, leaves: readonly Leaf[]): Part {
  const length = said.ids.length;
  const filled = Array.from({ length }, (_, at) => leaves[at % leaves.length]!);
  return { leaves: filled, profile: seen.profile, verdict: "valid" };
}

/** As a provider's own: what it rejected is invalid, and the rest goes by the bounds for whole answers. */
function verdictOf(said: Said, seen: Seen, tolerances: Tolerances): Verdict {
  if (!seen.accepted) return "invalid";
  const tolerance = tolerances(said.profile, seen.profile);
  return tolerance === undefined ? "valid" : weighAnswer(tallyOf(seen), tolerance);
}
