import type { Address } from "../ids.ts";
import type { Verdict } from "../inference/effect.ts";
import { positionsMax } from "./positions.ts";
import { type Tolerance, weighMean } from "./tolerance.ts";

/**
 * Positions of several answers, five times what an audit opens of one. Bounds for so many or more are about answers taken
 * together, and no single one is judged by them.
 */
export const severalAnswers = 5 * positionsMax;

/** How far one node's fingerprint lay from another's in one answer. */
export interface Compared {
  readonly node: Address;
  /** Its numeric profile, and that of whoever it was compared with. */
  readonly profile: string;
  readonly otherProfile: string;
  /** Mean over the positions opened, logits. */
  readonly distance: number;
  readonly opened: number;
}

/**
 * What no single answer shows, such as a cache of 8 bits, adds up: a node's distances are pooled until they are over
 * enough positions to be judged by the bounds for several answers, and then begun anew, as those bounds were fitted.
 */
export interface Drifts {
  /** One comparison of each answer, as the bounds were fitted to. The verdict over the answers pooled so far, where they are enough; it costs a reputation and convicts nobody. */
  note(compared: Compared, tolerance: Tolerance): Verdict | undefined;
}

/** `driftsMax`: pools kept at once; the one that was added to longest ago is forgotten first. */
export function createDrifts({ driftsMax }: { readonly driftsMax: number }): Drifts {
  const pools = new Map<string, { readonly sum: number; readonly positions: number }>();
  return {
    note({ node, profile, otherProfile, distance, opened }, tolerance) {
      const bounds = tolerance.distance.filter(({ from }) => from >= severalAnswers);
      if (bounds.length === 0 || !Number.isFinite(distance)) return undefined;
      const key = [node, profile, otherProfile].join("\n");
      const before = pools.get(key) ?? { sum: 0, positions: 0 };
      const positions = before.positions + opened;
      const sum = before.sum + distance * opened;
      pools.delete(key);
      if (positions >= bounds[0]!.from) return weighMean(sum / positions, positions, bounds);
      pools.set(key, { sum, positions });
      const [oldest] = pools.keys();
      if (pools.size > driftsMax && oldest !== undefined) pools.delete(oldest);
      return undefined;
    },
  };
}
