import type { SimulatedNode } from "../node.ts";
import type { World } from "../world.ts";

/**
 * Nobody is starved for ever: of nodes that are all healthy (again), none is passed over for good in favour of one
 * that is no quicker. Those that are slower may well have nothing to do while there is little, and those with a stake
 * come first by right; but of those without one, where they are there, somebody is given a try.
 */
export function checkStarved(
  { nodes, network: { attempts }, ledger }: World,
  before: ReadonlyMap<SimulatedNode, number>,
  witnesses: number,
): string[] {
  const asked = (node: SimulatedNode) => attempts.of(node.peer) - (before.get(node) ?? 0);
  const isBonded = ({ address }: SimulatedNode) => ledger.stakeOf(address) > 0n;
  const strangers = nodes.filter((node) => !isBonded(node));
  const shutOut = witnesses > 1 && strangers.length > 0 && strangers.every((node) => asked(node) === 0);
  const passedOver = nodes
    .filter((node) => asked(node) === 0)
    .flatMap((node) => {
      const preferred = nodes
        .filter((other) => isBonded(other) === isBonded(node))
        .find((other) => asked(other) >= starvedAttemptsEach && !isQuicker(other, node));
      return preferred ? [`node ${node.index} is never asked again, node ${preferred.index} is`] : [];
    });
  return shutOut ? ["nobody without a stake is ever asked", ...passedOver] : passedOver;
}

/** So many attempts for each node show who is asked and who is not. */
export const starvedAttemptsEach = 12;

function isQuicker({ traits: a }: SimulatedNode, { traits: b }: SimulatedNode): boolean {
  return a.stepMs < b.stepMs || a.judgeMsPerToken < b.judgeMsPerToken;
}
