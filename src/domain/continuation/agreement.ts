/**
 * The first two answers that are the same, by their place in the order in which they came: one speaks, the other
 * has witnessed it. Undefined while there are none. Who differs is not blamed: honest servers differ in their last
 * bits too.
 */
export function firstAgreement(
  answers: readonly string[],
): readonly [speaker: number, witness: number] | undefined {
  const seen = new Map<string, number>();
  for (const [place, answer] of answers.entries()) {
    const before = seen.get(answer);
    if (before !== undefined) return [before, place];
    seen.set(answer, place);
  }
  return undefined;
}
