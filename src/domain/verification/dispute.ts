import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import type { Address, JobId } from "../ids.ts";
import { type AnswerId, type Hex32, nodeBytes, setDigest } from "./committee.ts";
import { digest, joined } from "./digest.ts";
import { fingerprintDistance, leafDistance } from "./distance.ts";
import type { Leaf } from "./leaf.ts";
import { auditPositions } from "./positions.ts";
import { rule } from "./ruling.ts";
import { contradicts, type Proof, type RulingRules, type Seat, seatsOf, type Tokens } from "./seat.ts";
import { type Draw, drawSeed } from "./sortition.ts";
import { type Tolerances, weighMean } from "./tolerance.ts";

/**
 * The only way to a slash for wrong work: two members of one set contradict each other, and a committee that nobody
 * chose computes the positions they opened on the reference profile, on which honest machines agree to the last bit.
 *
 * Those positions are treated as an answer of so many tokens. So referees commit and reveal by the rules of any
 * committee (member.ts, convener.ts), and one teacher-forced pass gives them all.
 */
export interface Dispute {
  /** The proof in which they contradict each other, as it was. */
  readonly proof: Proof;
  readonly accused: Address;
  readonly accuser: Address;
}

/**
 * When the later of the two signed for what is in dispute, Unix ms by its own clock: an honest one signs nothing before
 * the set is fixed, so that no beacon from before then may draw referees. Infinity where not both of them opened.
 */
export function disputedSince({ proof, accused, accuser }: Dispute, statementLifeMs: number): number {
  const signed = [accused, accuser].map(
    (party) =>
      proof.openings.find(({ node }) => node === party)?.statement.expiry ?? Number.POSITIVE_INFINITY,
  );
  return Math.max(...signed) - statementLifeMs;
}

/** Who a dispute goes against. "nobody" never slashes. */
export type Loser = "accused" | "accuser" | "nobody";

/** A dispute's name: its set and its parties. */
export function disputeId({ proof, accused, accuser }: Dispute): Hex32 {
  return bytesToHex(digest("dispute", setDigest(proof.set), nodeBytes(accused), nodeBytes(accuser)));
}

/** What the referees' committee is about: the positions opened, under a job id that is nobody else's. */
export function refereedAnswer(dispute: Dispute): AnswerId {
  const { set, secret } = dispute.proof;
  const tokens = auditPositions(set, secret).length;
  return { ...set.answer, job: disputeId(dispute) as JobId, tokens };
}

/** The first position opened at which the parties lie further apart than `far` logits; undefined when nowhere. */
export function firstApart(
  { proof, accused, accuser }: Dispute,
  far: number,
  rules: RulingRules,
): number | undefined {
  const [one, other] = [leavesOf(proof, accused, rules), leavesOf(proof, accuser, rules)];
  const at = one?.findIndex((leaf, each) => other !== undefined && leafDistance(leaf, other[each]!) > far);
  return at === undefined ? undefined : auditPositions(proof.set, proof.secret)[at];
}

/**
 * What the referees' proof comes to, the same for everybody. They must be enough, none of them involved, all on the
 * reference profile, and agree to the byte; then one party must be near what they saw and the other not, by calibrated
 * bounds, or have called tokens right that their logits rule out. Never throws.
 */
export function loserOf(
  dispute: Dispute,
  referees: Proof,
  rules: RulingRules & { readonly reference: string },
  tokens?: Tokens,
): Loser {
  const seen = refereesLeaves(dispute, referees, rules);
  if (seen === undefined) return "nobody";
  const accused = isWrong(dispute, dispute.accused, seen, rules, tokens);
  const accuser = isWrong(dispute, dispute.accuser, seen, rules, tokens);
  if (accused === undefined || accuser === undefined || accused === accuser) return "nobody";
  return accused ? "accused" : "accuser";
}

/** For the judge contract: abi.encode(bytes32 dispute, address loser), zero for nobody. */
export function encodeLoser(dispute: Dispute, loser: Loser): Uint8Array {
  const node = loser === "nobody" ? new Uint8Array(20) : nodeBytes(dispute[loser]);
  return joined([hexToBytes(disputeId(dispute)), new Uint8Array(12), node]);
}

/** Fewest referees of one dispute. */
export const refereesMin = 5;

/** Seats drawn, so that there are nearly always enough of those who answer. */
const refereeSeats = 9;

/** The draw of its referees, by the beacon of an epoch after it came up: anybody with a stake but who is in it. */
export function refereeDraw(dispute: Dispute, beacon: Hex32): Draw {
  const { executor, witnesses } = dispute.proof.set;
  const excluded = [executor, ...witnesses].map(({ node }) => node);
  return { seed: drawSeed(beacon, disputeId(dispute)), seats: refereeSeats, excluded };
}

/** Bounds of nothing at all: one machine, one arithmetic. */
const toTheByte: Tolerances = () => ({ distance: [{ from: 1, near: 0, far: 0 }], margin: [], marginMax: 0 });

function refereesLeaves(
  dispute: Dispute,
  referees: Proof,
  rules: RulingRules & { readonly reference: string },
): readonly Leaf[] | undefined {
  const { answer, executor, witnesses } = referees.set;
  const all = [executor, ...witnesses];
  const parties = [dispute.proof.set.executor, ...dispute.proof.set.witnesses].map(({ node }) => node);
  const expected = refereedAnswer(dispute);
  const isAboutIt = (Object.keys(expected) as (keyof AnswerId)[]).every(
    (key) => answer[key] === expected[key],
  );
  const isFair = all.every(({ node, profile }) => profile === rules.reference && !parties.includes(node));
  if (!isAboutIt || !isFair || all.length < refereesMin) return undefined;
  const exact = { ...rules, tolerances: toTheByte };
  return rule(referees, exact).verdict === "valid" ? leavesOf(referees, executor.node, exact) : undefined;
}

/** Undefined: nobody can say. */
function isWrong(
  { proof }: Dispute,
  node: Address,
  seen: readonly Leaf[],
  rules: RulingRules & { readonly reference: string },
  tokens: Tokens | undefined,
): boolean | undefined {
  const seat = seatOf(proof, node, rules);
  if (seat === undefined || typeof seat.opened === "string") return undefined;
  const tolerance = rules.tolerances(rules.reference, seat.member.profile);
  if (tolerance === undefined) return undefined;
  const { leaves, verdict } = seat.opened;
  const outcome = weighMean(fingerprintDistance(leaves, seen), seen.length, tolerance.distance);
  const positions = auditPositions(proof.set, proof.secret);
  const approved = verdict === "valid" && contradicts(seen, positions, tokens, tolerance);
  if (outcome === "invalid" || approved) return true;
  return outcome === "valid" ? false : undefined;
}

function leavesOf(proof: Proof, node: Address, rules: RulingRules): readonly Leaf[] | undefined {
  const opened = seatOf(proof, node, rules)?.opened;
  return opened === undefined || typeof opened === "string" ? undefined : opened.leaves;
}

function seatOf(proof: Proof, node: Address, rules: RulingRules): Seat | undefined {
  return seatsOf(proof, rules, undefined).find(({ member }) => member.node === node);
}
