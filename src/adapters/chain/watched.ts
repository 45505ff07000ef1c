/** Facts about things somebody asked for; the ones asked for longest ago make room. */
export class Watched<Key extends string, Value> {
  readonly #values = new Map<Key, Value | undefined>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  keys(): Key[] {
    return [...this.#values.keys()];
  }

  /** What is known; undefined when nothing is, and from then on it is watched. `isNew`: it was not watched before. */
  ask(key: Key): { value: Value | undefined; isNew: boolean } {
    const isNew = !this.#values.has(key);
    const value = this.#values.get(key);
    // Moved to the end: a map keeps the order of insertion.
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.#max) this.#values.delete(this.#values.keys().next().value as Key);
    return { value, isNew };
  }

  /** Keeps a fact about a thing that is still watched. Was it another before? */
  learn(key: Key, value: Value): boolean {
    if (!this.#values.has(key) || this.#values.get(key) === value) return false;
    this.#values.set(key, value);
    return true;
  }

  known(): Array<[Key, Value]> {
    return [...this.#values].filter((entry): entry is [Key, Value] => entry[1] !== undefined);
  }
}
