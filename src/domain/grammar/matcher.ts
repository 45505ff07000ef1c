import { hasByte, type Pattern, restOf } from "./pattern.ts";

/**
 * Where a text stands within a pattern. Texts after which the same may follow mostly lead to the same object, so that
 * a step that was taken once costs one look-up afterwards.
 */
export interface Place {
  /** Does the text fit as it is? */
  readonly complete: boolean;
  /** The place one byte on; undefined when no text that fits goes on with it. */
  after(byte: number): Place | undefined;
}

/** Bounds on one answer that is followed; see protocol/limits.ts. */
export interface ReadingLimits {
  readonly schemaWaysMax: number;
  readonly schemaStackMax: number;
  readonly schemaStepsMax: number;
  readonly schemaByteStepsMax: number;
}

/** A text that is read as a pattern, along the ways on which it may go on. */
export interface Reading {
  /**
   * The place before the first byte. Every place it leads to has a way to the end, if the pattern has (`canEnd`). To go
   * on from a place throws a RangeError when that costs more steps than are allowed, or nests deeper.
   */
  readonly begin: Place;
  /** The text has grown by so many bytes: to look at them and at what may follow, further steps are allowed. */
  grown(bytes: number): void;
}

/**
 * A stack of what is still to come, `pattern` first; there is one for every way in which the text so far can be read.
 * The bottom has no pattern: the text is complete.
 */
interface Stack {
  readonly id: number;
  readonly era: number;
  readonly pattern: Pattern | undefined;
  readonly below: Stack | undefined;
  readonly height: number;
}

/**
 * What was made along the way is known by its stack and made once, until there is much of it: then an era ends, and all
 * of it is forgotten but for what the places themselves are made of. So an answer may be of any length: a counted
 * string, say, never comes to a place where it was before.
 */
export function createReading(pattern: Pattern, limits: ReadingLimits): Reading {
  const bottom: Stack = { id: 0, era: 0, pattern: undefined, below: undefined, height: 0 };
  let stepsLeft = limits.schemaStepsMax;
  let ids = 0;
  let era = 0;
  let above = new Map<Stack, Map<Pattern, Stack>>();
  let places = new Map<string, Place>();
  /** What the places looked up in this era still hold of it. */
  let holding: Array<() => void> = [];
  let made = 0;
  return {
    begin: placeOf([push(pattern, bottom)]),
    grown(bytes) {
      stepsLeft += bytes * limits.schemaByteStepsMax;
    },
  };

  function forget(): void {
    era += 1;
    made = 0;
    above = new Map();
    places = new Map();
    for (const drop of holding) drop();
    holding = [];
  }

  function push(pattern: Pattern, below: Stack): Stack {
    // Nothing is left of a sequence at its end: what is below it comes next.
    if (pattern.kind === "sequence" && pattern.at >= pattern.parts.length) return below;
    if (pattern.kind === "repeat" && pattern.max === 0) return below;
    const known = above.get(below)?.get(pattern);
    if (known !== undefined) return known;
    if (below.height >= limits.schemaStackMax) throw new RangeError("nested deeper than can be followed");
    if (stepsLeft <= 0) throw new RangeError("more ways to read this text than can be followed");
    stepsLeft -= 1;
    ids += 1;
    made += 1;
    const stack = { id: ids, era, pattern, below, height: below.height + 1 };
    const others = above.get(below) ?? new Map<Pattern, Stack>();
    above.set(below, others.set(pattern, stack));
    return stack;
  }

  /** A stack of an era before this one, as it is known now. */
  function again(stack: Stack): Stack {
    const patterns: Pattern[] = [];
    let base = stack;
    for (; base.below !== undefined && base.era !== era; base = base.below) patterns.push(base.pattern!);
    // Made before and allowed then: it counts neither as a step nor towards the end of this era.
    const before = { stepsLeft, made };
    stepsLeft = Number.POSITIVE_INFINITY;
    for (let pattern = patterns.pop(); pattern !== undefined; pattern = patterns.pop())
      base = push(pattern, base);
    ({ stepsLeft, made } = before);
    return base;
  }

  /** The same stacks opened up until each has a byte on top, or is the bottom. */
  function tops(waiting: Stack[]): Stack[] {
    const found: Stack[] = [];
    const seen = new Set<Stack>();
    waiting.reverse();
    for (let stack = waiting.pop(); stack !== undefined; stack = waiting.pop()) {
      if (seen.has(stack)) continue;
      seen.add(stack);
      if (found.length >= limits.schemaWaysMax) break;
      const { pattern } = stack;
      const below = stack.below ?? bottom;
      if (pattern === undefined || pattern.kind === "byte") found.push(stack);
      else if (pattern.kind === "named") waiting.push(push(pattern.pattern!, below));
      else if (pattern.kind === "choice") {
        for (const option of pattern.options.toReversed()) waiting.push(push(option, below));
      } else if (pattern.kind === "sequence")
        waiting.push(push(pattern.parts[pattern.at]!, push(restOf(pattern), below)));
      else {
        if (pattern.min === 0) waiting.push(below);
        waiting.push(push(pattern.of, push(restOf(pattern), below)));
      }
    }
    return found;
  }

  function placeOf(stacks: readonly Stack[]): Place {
    const key = stacks.map(({ id }) => id).join();
    const known = places.get(key);
    if (known !== undefined) return known;
    const place = newPlace(stacks);
    places.set(key, place);
    return place;
  }

  function newPlace(stacks: readonly Stack[]): Place {
    let left = stacks;
    let seen: Seen | undefined;

    function look(): Seen {
      if (made >= stacksKept || places.size >= placesKept) forget();
      if (seen !== undefined) return seen;
      left = left.map(again);
      const found = tops([...left]);
      seen = { found, next: new Map() };
      holding.push(() => {
        seen = undefined;
      });
      return seen;
    }

    return {
      get complete() {
        return look().found.includes(bottom);
      },
      after(byte) {
        const { found, next } = look();
        if (next.has(byte)) return next.get(byte);
        const after = found
          .filter(({ pattern }) => pattern?.kind === "byte" && hasByte(pattern.set, byte))
          .map(({ below }) => below!);
        const place = after.length === 0 ? undefined : placeOf([...new Set(after)]);
        next.set(byte, place);
        return place;
      },
    };
  }
}

/** What can be seen from a place: its stacks with a byte on top, and where bytes have led. */
interface Seen {
  readonly found: readonly Stack[];
  readonly next: Map<number, Place | undefined>;
}

/** An era ends with so many: some 20 MB. They decide on speed alone, never on what fits. */
const stacksKept = 100_000;
const placesKept = 4096;

/** The place after all of these bytes. */
export function placeAfter(place: Place, bytes: Uint8Array): Place | undefined {
  let at: Place | undefined = place;
  for (const byte of bytes) {
    at = at.after(byte);
    if (at === undefined) return undefined;
  }
  return at;
}
