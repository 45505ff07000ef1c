import fc from "fast-check";
import { leafOf } from "../../src/domain/verification/leaf.ts";
import type { Candidate } from "../../src/domain/verification/sampler.ts";

/** What an engine may show at a position, in canonical order, and the leaf of it. */

export const candidates = fc
  .uniqueArray(
    fc.record({
      id: fc.integer({ min: 0, max: 0x7fffffff }),
      logit: fc.double({ min: -500, max: 500, noNaN: true }),
    }),
    { minLength: 1, maxLength: 64, selector: ({ id }) => id },
  )
  .map(canonical);

export const leaves = candidates.map((list) => leafOf(list)!);

export function canonical(list: readonly Candidate[]): Candidate[] {
  return [...list].sort((a, b) => b.logit - a.logit || a.id - b.id);
}
