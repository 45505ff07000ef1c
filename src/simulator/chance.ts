/** Seeded chance. One master seed, one child per subsystem and node, so that a fault added in one place does not reshuffle another. */
export interface Chance {
  /** In [0, 1). */
  next(): number;
  /** Whole number in [0, below). */
  below(below: number): number;
  /** True with this probability. */
  hits(probability: number): boolean;
  /** Exponentially distributed with this mean. */
  exponential(mean: number): number;
  child(name: string): Chance;
}

export function createChance(seed: number): Chance {
  let state = seed >>> 0;
  /** mulberry32 (Tommy Ettinger, public domain): small, fast, good enough to draw faults from. */
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    below: (below) => Math.floor(next() * below),
    hits: (probability) => next() < probability,
    exponential: (mean) => -Math.log(1 - next()) * mean,
    child: (name) => createChance(mixName(seed, name)),
  };
}

/** `count` of these, each at most once. */
export function drawSome<Item>(items: readonly Item[], count: number, chance: Chance): Item[] {
  const left = [...items];
  const drawn: Item[] = [];
  while (drawn.length < count && left.length > 0) {
    const at = chance.below(left.length);
    drawn.push(left[at]!);
    left[at] = left[left.length - 1]!;
    left.pop();
  }
  return drawn;
}

/** FNV-1a over the name, begun from the seed. */
export function mixName(seed: number, name: string): number {
  let hash = (2166136261 ^ seed) >>> 0;
  for (let index = 0; index < name.length; index++) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 16777619) >>> 0;
  }
  return hash;
}

/** Two whole numbers made one, well mixed (constants of MurmurHash3's finaliser, public domain). */
export function mix(a: number, b: number): number {
  let hash = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul((b + 0x7f4a7c15) | 0, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return (hash ^ (hash >>> 15)) >>> 0;
}
