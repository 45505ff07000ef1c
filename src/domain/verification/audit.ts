import type { Address } from "../ids.ts";
import type { Hex32 } from "./committee.ts";
import { drawn, drawSeed, type Staked } from "./sortition.ts";

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

/**
 * Who audits an answer of the past, by the beacon of an epoch after it: nearly always nobody, and nobody can tell
 * before. Every epoch of the thaw window draws anew, so that no answer is ever safe while its stake is there. The
 * executor is not among its auditors.
 */
export function auditorsOf(
  answer: Unwatched,
  epoch: { readonly beacon: Hex32; readonly at: number },
  nodes: readonly Staked[],
  { share, seats, thawMs }: AuditRules,
): Address[] {
  if (epoch.at <= answer.at || epoch.at > answer.at + thawMs) return [];
  const seed = drawSeed(epoch.beacon, answer.sealed);
  if (!isDue(seed, share)) return [];
  return drawn(
    drawSeed(seed, answer.sealed),
    nodes.filter(({ node }) => node !== answer.executor),
    seats,
  );
}

/** The seed as a share of all seeds, to 52 bits. */
function isDue(seed: Hex32, share: number): boolean {
  return Number.parseInt(seed.slice(0, 13), 16) / 2 ** 52 < share;
}
