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
  /** At most of the positions opened, noises. */
  readonly usual: number;
  readonly opened: number;
}

/**
 * What no single answer shows, such as a cache of 8 bits, adds up: a node's distances are pooled until they are over
 * enough positions to be judged by the bounds for several answers, and then begun anew, as those bounds were fitted.
 * Answers under a schema are none of theirs: machines differ more where a model says what it would not have said.
 */
export interface Drifts {
  /** One comparison of each answer, as the bounds were fitted to. The verdict over the answers pooled so far, where they are enough; it costs a reputation and convicts nobody. */
  note(compared: Compared, tolerance: Tolerance): Verdict | undefined;
}

/** `driftsMax`: pools kept at once; the one that was added to longest ago is forgotten first. */
export function createDrifts({ driftsMax }: { readonly driftsMax: number }): Drifts {
  const pools = new Map<string, { readonly logs: number; readonly positions: number }>();
  return {
    note({ node, profile, otherProfile, usual, opened }, tolerance) {
      const bounds = tolerance.distance.filter(({ from }) => from >= severalAnswers);
      if (bounds.length === 0 || !(usual > 0)) return undefined;
      const key = [node, profile, otherProfile].join("\n");
      const before = pools.get(key) ?? { logs: 0, positions: 0 };
      const positions = before.positions + opened;
      // Of all positions together the same mean as of each answer's.
      const logs = before.logs + Math.log(usual) * opened;
      pools.delete(key);
      if (positions >= bounds[0]!.from) return weighMean(Math.exp(logs / positions), positions, bounds);
      pools.set(key, { logs, positions });
      const [oldest] = pools.keys();
      if (pools.size > driftsMax && oldest !== undefined) pools.delete(oldest);
      return undefined;
    },
  };
}
