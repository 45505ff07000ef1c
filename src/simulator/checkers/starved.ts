import type { AttemptCount } from "../attempts.ts";
import type { SimulatedNode } from "../node.ts";

/**
 * Nobody is starved for ever: of nodes that are all healthy (again), none is passed over for good in favour of one
 * that is no quicker. Those that are slower may well have nothing to do while there is little.
 */
export function checkStarved(
  nodes: readonly SimulatedNode[],
  before: ReadonlyMap<SimulatedNode, number>,
  attempts: AttemptCount,
): string[] {
  const asked = (node: SimulatedNode) => attempts.of(node.peer) - (before.get(node) ?? 0);
  return nodes
    .filter((node) => asked(node) === 0)
    .flatMap((node) => {
      const preferred = nodes.find((other) => asked(other) >= starvedAttemptsEach && !isQuicker(other, node));
      return preferred ? [`node ${node.index} is never asked again, node ${preferred.index} is`] : [];
    });
}

/** So many attempts for each node show who is asked and who is not. */
export const starvedAttemptsEach = 12;

function isQuicker({ traits: a }: SimulatedNode, { traits: b }: SimulatedNode): boolean {
  return a.stepMs < b.stepMs || a.judgeMsPerToken < b.judgeMsPerToken;
}
