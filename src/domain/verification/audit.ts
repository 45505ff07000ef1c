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
  /** Chance that the beacon of one epoch draws one answer. */
  readonly share: number;
  /** Auditors wanted. */
  readonly seats: number;
  /** How long stake that leaves can still be slashed, ms; an answer older than this is nobody's concern any more. */
  readonly thawMs: number;
}

/** What the network goes by. On a small network nearly everybody has one of the seats, so that there are enough. */
export const auditRules: AuditRules = { share: 0.01, seats: 5, thawMs: 7 * 24 * 60 * 60_000 };

/**
 * Who audits an answer of the past, by the beacon of an epoch after it: nearly always nobody, and nobody can tell
 * before. Every epoch of the thaw window draws anew, so that no answer is ever safe while its stake is there. The
 * executor is not among its auditors. `epoch.at`: when its beacon came, Unix ms.
 */
export function auditorsOf(
  answer: Unwatched,
  epoch: { readonly beacon: Hex32; readonly at: number },
  nodes: readonly Staked[],
  rules: AuditRules,
): Address[] {
  if (!isAuditDue(answer, epoch, rules)) return [];
  return seated(auditDraw(answer, epoch.beacon, rules.seats), nodes);
}

/** Does the beacon of this epoch draw this answer? */
export function isAuditDue(
  { sealed, at }: Pick<Unwatched, "sealed" | "at">,
  epoch: { readonly beacon: Hex32; readonly at: number },
  { share, thawMs }: Omit<AuditRules, "seats">,
): boolean {
  if (epoch.at <= at || epoch.at > at + thawMs) return false;
  // The seed as a share of all seeds, to 52 bits.
  return Number.parseInt(drawSeed(epoch.beacon, sealed).slice(0, 13), 16) / 2 ** 52 < share;
}

/** The draw of its auditors: by another hash than makes it due, or only some nodes could ever be drawn. */
export function auditDraw(
  { sealed, executor }: Pick<Unwatched, "sealed" | "executor">,
  beacon: Hex32,
  seats = auditRules.seats,
): Draw {
  return { seed: drawSeed(drawSeed(beacon, sealed), sealed), seats, excluded: [executor] };
}
