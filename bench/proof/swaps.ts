import { clopperPearson } from "../../src/commands/calibrate/clopper-pearson.ts";
import { leafCandidates } from "../../src/domain/verification/leaf.ts";
import { leafMargin } from "../../src/domain/verification/leaf-margin.ts";
import { choose } from "../../src/domain/verification/sampler.ts";
import type { Tolerances } from "../../src/domain/verification/tolerance.ts";
import type { Reading } from "./readings.ts";

/** How often one token in another's place is seen by itself, whatever else the answer holds. */
export interface SwapsSeen {
  /** Has its witness the profile that the executor has? Bounds for unlike ones are wider. */
  readonly alike: boolean;
  readonly by:
    | "the runner-up"
    | "another of the eight likeliest"
    | "the next best choice under the job's noise";
  readonly swaps: number;
  readonly seen: number;
  readonly share: number;
  readonly from: number;
  readonly to: number;
}

/**
 * Every token of every answer, replaced by the likeliest other one, and by each further one of the eight that a leaf
 * holds; among them that which the sampler would have chosen next, the hardest to tell. Seen when its margin is above
 * the bound on single margins of this pair of profiles. How often the executor's own fingerprint says it as well is not
 * counted: that it can bend.
 */
export function swapsSeen(readings: readonly Reading[], tolerances: Tolerances, alike: boolean): SwapsSeen[] {
  const found = {
    runnerUp: { swaps: 0, seen: 0 },
    other: { swaps: 0, seen: 0 },
    nextBest: { swaps: 0, seen: 0 },
  };
  for (const { said, honest } of readings) {
    const eyes = honest.find(({ profile }) => (profile === said.profile) === alike);
    const marginMax = tolerances(said.profile, eyes!.profile)?.marginMax ?? Number.POSITIVE_INFINITY;
    for (const [position, id] of said.ids.entries()) {
      const leaf = eyes!.leaves[position]!;
      const others = leafCandidates(leaf).filter((each) => each.id !== id);
      const next = choose(others, said.sampling, position).id;
      for (const [rank, { id: other }] of others.entries()) {
        const isSeen = leafMargin(leaf, other, said.sampling, position) > marginMax;
        const kinds = [
          rank === 0 ? found.runnerUp : found.other,
          ...(other === next ? [found.nextBest] : []),
        ];
        for (const kind of kinds) {
          kind.swaps += 1;
          if (isSeen) kind.seen += 1;
        }
      }
    }
  }
  return [
    { alike, by: "the runner-up", ...shareOf(found.runnerUp) },
    { alike, by: "another of the eight likeliest", ...shareOf(found.other) },
    { alike, by: "the next best choice under the job's noise", ...shareOf(found.nextBest) },
  ];
}

function shareOf({ swaps, seen }: { readonly swaps: number; readonly seen: number }) {
  const [from, to] = clopperPearson(seen, swaps);
  return { swaps, seen, share: seen / swaps, from, to };
}
