import type { Address } from "../ids.ts";
import type { Hex32 } from "./committee.ts";
import { type Draw, drawSeed, type Staked, seated } from "./sortition.ts";

/** An answer that one executor gave with nobody watching, as its commit has it. */
export interface Unwatched {
  readonly executor: Address;
  /** Its sealed fingerprint: fixed before any beacon that may draw it, and the salt in it is no use to grind. */
  readonly sealed: Hex32;
  /** When it was committed to, Unix ms. */
  readonly at: number;
}

export interface AuditRules {
  /** Chance that one answer is drawn within the thaw window, by whichever of its epochs. */
  readonly share: number;
  /** Auditors wanted. */
  readonly seats: number;
  /** How long stake that leaves can still be slashed, ms; an answer older than this is nobody's concern any more. */
  readonly thawMs: number;
}

/** What the network goes by. On a small network nearly everybody has one of the seats, so that there are enough. */
export const auditRules: AuditRules = { share: 0.01, seats: 5, thawMs: 7 * 24 * 60 * 60_000 };

/** An epoch that has begun: the hash of its first block, when that came, Unix ms, and how long after the one before it. */
export interface Epoch {
  readonly beacon: Hex32;
  readonly at: number;
  readonly lastsMs: number;
}

/**
 * Who audits an answer of the past, by the beacon of an epoch after it: nearly always nobody, and nobody can tell
 * before. Every epoch of the thaw window draws anew, so that no answer is ever safe while its stake is there. The
 * executor is not among its auditors.
 */
export function auditorsOf(
  answer: Unwatched,
  epoch: Epoch,
  nodes: readonly Staked[],
  rules: AuditRules,
): Address[] {
  if (!isAuditDue(answer, epoch, rules)) return [];
  return seated(auditDraw(answer, epoch.beacon, rules.seats), nodes);
}

/**
 * Does the beacon of this epoch draw this answer? With the chance that leaves it undrawn through all epochs of the window
 * together in 1 − share of all cases, however long they last: a chain's pace decides nothing.
 */
export function isAuditDue(
  { sealed, at }: Pick<Unwatched, "sealed" | "at">,
  epoch: Epoch,
  { share, thawMs }: Omit<AuditRules, "seats">,
): boolean {
  if (epoch.at <= at || epoch.at > at + thawMs) return false;
  const chance = 1 - (1 - share) ** (epoch.lastsMs / thawMs);
  // The seed as a share of all seeds, to 52 bits.
  return Number.parseInt(drawSeed(epoch.beacon, sealed).slice(0, 13), 16) / 2 ** 52 < chance;
}

/** The draw of its auditors: by another hash than makes it due, or only some nodes could ever be drawn. */
export function auditDraw(
  { sealed, executor }: Pick<Unwatched, "sealed" | "executor">,
  beacon: Hex32,
  seats = auditRules.seats,
): Draw {
  return { seed: drawSeed(drawSeed(beacon, sealed), sealed), seats, excluded: [executor] };
}
