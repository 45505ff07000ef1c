/**
 * What several endpoints agree on. Pure: one endpoint that is gone, behind or lying changes nothing as long as most of
 * those that answer are honest.
 */

/** How many of `answering` endpoints have to say the same. */
export function quorum(answering: number): number {
  return Math.floor(answering / 2) + 1;
}

/**
 * The block to read at: the highest one that a quorum claims to have reached. With an honest majority it lies between
 * honest claims, so neither an endpoint that invents a future nor one that stands still can choose it.
 */
export function agreedBlock(heads: readonly bigint[]): bigint | undefined {
  const highestFirst = [...heads].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0));
  return highestFirst[quorum(heads.length) - 1];
}

/** The value that at least `needed` of `answers` hold, undefined when none does. */
export function agreedValue<T extends bigint | boolean>(
  answers: readonly (T | undefined)[],
  needed: number,
): T | undefined {
  const counts = new Map<T, number>();
  for (const answer of answers) {
    if (answer === undefined) continue;
    const count = (counts.get(answer) ?? 0) + 1;
    if (count >= needed) return answer;
    counts.set(answer, count);
  }
  return undefined;
}

/** Decides value after value by the same endpoints' answers, and keeps count of who was outvoted. */
export class Ballot {
  readonly #dissents: number[];
  readonly #needed: number;
  #undecided = 0;

  /** `answers` of `answering` endpoints; those that answer nothing count against every value. */
  constructor(answers: number, answering: number) {
    this.#dissents = Array(answers).fill(0);
    this.#needed = quorum(answering);
  }

  decide<T extends bigint | boolean>(answers: readonly (T | undefined)[]): T | undefined {
    const agreed = agreedValue(answers, this.#needed);
    if (agreed === undefined) this.#undecided++;
    else for (const [i, answer] of answers.entries()) if (answer !== agreed) this.#dissents[i]!++;
    return agreed;
  }

  /** How often the answer at this place was another than the agreed one. */
  dissentsOf(place: number): number {
    return this.#dissents[place] ?? 0;
  }

  /** Values without a quorum. */
  get undecided(): number {
    return this.#undecided;
  }
}
