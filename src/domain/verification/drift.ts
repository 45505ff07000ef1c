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
  /** Over the positions opened, noises. */
  readonly distance: number;
  readonly opened: number;
}

/** Distances of several answers as one, each with the positions it is over: their geometric mean, in which an odd one weighs least. */
export function pooledDistance(answers: ReadonlyArray<Pick<Compared, "distance" | "opened">>): number {
  const positions = answers.reduce((sum, { opened }) => sum + opened, 0);
  return Math.exp(
    answers.reduce((sum, { distance, opened }) => sum + opened * logOf(distance), 0) / positions,
  );
}

/** Two of one arithmetic may show the very same, noises; that must not make up for all other answers. */
const distanceLeast = 0.5;

function logOf(distance: number): number {
  return Math.log(Math.max(distance, distanceLeast));
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
  const pools = new Map<string, Pick<Compared, "distance" | "opened">>();
  return {
    note({ node, profile, otherProfile, ...own }, tolerance) {
      const bounds = tolerance.distance.filter(({ from }) => from >= severalAnswers);
      if (bounds.length === 0 || !Number.isFinite(own.distance)) return undefined;
      const key = [node, profile, otherProfile].join("\n");
      const before = pools.get(key);
      const all = before === undefined ? [own] : [before, own];
      const pool = {
        distance: pooledDistance(all),
        opened: all.reduce((sum, { opened }) => sum + opened, 0),
      };
      pools.delete(key);
      if (pool.opened >= bounds[0]!.from) return weighMean(pool.distance, pool.opened, bounds);
      pools.set(key, pool);
      const [oldest] = pools.keys();
      if (pools.size > driftsMax && oldest !== undefined) pools.delete(oldest);
      return undefined;
    },
  };
}
