import type { Address } from "../domain/ids.ts";
import { type AuditRules, auditorsOf } from "../domain/verification/audit.ts";
import type { Stakes } from "../domain/verification/economics.ts";
import { quorumOf } from "../domain/verification/ruling.ts";
import type { Staked } from "../domain/verification/sortition.ts";
import { type Chance, createChance } from "./chance.ts";

/** What became of so many cheated answers. */
export interface Detection {
  readonly answers: number;
  readonly audited: number;
  /** Audited by somebody honest who saw it. */
  readonly caught: number;
  /** Audited by a committee in which colluders were a quorum. */
  readonly waved: number;
}

const nodeCount = 100;
const thawMs = 1000;
/** Epochs of one thaw window. The share drawn in all of them together is what the formula goes by. */
const epochCount = 10;

/**
 * Draws audits and auditors for cheated answers by the real rules, among nodes of unequal stake of which some collude
 * with every cheat, and counts. About 1.5 ms for each answer audited, and 0.3 for any other.
 */
export function simulateDetection(stakes: Stakes, answers: number, seed: number): Detection {
  const chance = createChance(seed);
  const { nodes, colluders } = population(stakes.adversaryShare, chance);
  // More are drawn than wanted, and the first of them taken: the number drawn is itself chance.
  const rules: AuditRules = { share: stakes.auditShare, seats: stakes.witnesses + 8, thawMs };
  let [audited, caught, waved] = [0, 0, 0];
  for (let answer = 0; answer < answers; answer += 1) {
    const auditors = firstAuditors(word(chance), () => word(chance), nodes, rules).slice(0, stakes.witnesses);
    if (auditors.length < stakes.witnesses) continue;
    audited += 1;
    const colluding = auditors.filter((node) => colluders.has(node)).length;
    if (colluding < auditors.length && chance.hits(stakes.detection)) caught += 1;
    if (colluding >= quorumOf(auditors.length)) waved += 1;
  }
  return { answers, audited, caught, waved };
}

const executor = `0x${"ff".repeat(20)}` as Address;

/** Of the first epoch in the thaw window that draws the answer; nobody when none does. */
function firstAuditors(
  sealed: string,
  beacon: () => string,
  nodes: readonly Staked[],
  rules: AuditRules,
): Address[] {
  const lastsMs = thawMs / epochCount;
  for (let epoch = 1; epoch <= epochCount; epoch += 1) {
    const auditors = auditorsOf(
      { executor, sealed, at: 0 },
      { beacon: beacon(), at: epoch * lastsMs, lastsMs },
      nodes,
      rules,
    );
    if (auditors.length > 0) return auditors;
  }
  return [];
}

/** Stakes between 1 and 4, the colluders' adding up to their share. */
function population(share: number, chance: Chance): { nodes: Staked[]; colluders: Set<Address> } {
  const nodes = Array.from(
    { length: nodeCount },
    (_, at): Staked => ({
      node: `0x${at.toString(16).padStart(40, "0")}` as Address,
      stake: BigInt(1000 + chance.below(3000)),
    }),
  );
  const total = nodes.reduce((sum, { stake }) => sum + Number(stake), 0);
  const colluders = new Set<Address>();
  let held = 0;
  for (const { node, stake } of nodes) {
    if (held + Number(stake) / 2 > share * total) break;
    held += Number(stake);
    colluders.add(node);
  }
  return { nodes, colluders };
}

function word(chance: Chance): string {
  return Array.from({ length: 8 }, () =>
    chance
      .below(2 ** 32)
      .toString(16)
      .padStart(8, "0"),
  ).join("");
}
