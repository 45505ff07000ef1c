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

/**
 * A stack of what is still to come, `pattern` first; there is one for every way in which the text so far can be read.
 * The bottom has no pattern: the text is complete.
 */
interface Stack {
  readonly id: number;
  readonly pattern: Pattern | undefined;
  readonly below: Stack | undefined;
  above?: Map<Pattern, Stack>;
}

/**
 * The place before the first byte. Every place it leads to has a way to the end, if the pattern has (`canEnd`). To go on
 * from a place throws a RangeError when a text was read in more ways than can be remembered (`stacksMax`).
 */
export function placeBefore(pattern: Pattern): Place {
  let stacks = 0;
  const places = new Map<string, Place>();
  const bottom = newStack(undefined, undefined);
  return placeOf(tops([push(pattern, bottom)]));

  function newStack(pattern: Pattern | undefined, below: Stack | undefined): Stack {
    if (stacks >= stacksMax) throw new RangeError("more ways to read this text than are remembered");
    stacks += 1;
    return { id: stacks, pattern, below };
  }

  function push(pattern: Pattern, below: Stack): Stack {
    // Nothing is left of a sequence at its end: what is below it comes next.
    if (pattern.kind === "sequence" && pattern.at >= pattern.parts.length) return below;
    if (pattern.kind === "repeat" && pattern.max === 0) return below;
    const known = below.above?.get(pattern);
    if (known !== undefined) return known;
    const stack = newStack(pattern, below);
    below.above ??= new Map();
    below.above.set(pattern, stack);
    return stack;
  }

  /** The same stacks opened up until each has a byte on top, or is the bottom. */
  function tops(waiting: Stack[]): Stack[] {
    const found: Stack[] = [];
    const seen = new Set<Stack>();
    waiting.reverse();
    for (let stack = waiting.pop(); stack !== undefined; stack = waiting.pop()) {
      if (seen.has(stack)) continue;
      seen.add(stack);
      if (found.length >= waysMax) break;
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

  function placeOf(found: readonly Stack[]): Place {
    const key = found.map(({ id }) => id).join();
    const known = places.get(key);
    if (known !== undefined) return known;
    const place = newPlace(found);
    // Forgotten now and then; whoever is at a place keeps it.
    if (places.size >= placesKept) places.clear();
    places.set(key, place);
    return place;
  }

  function newPlace(found: readonly Stack[]): Place {
    const next = new Map<number, Place | undefined>();
    /** By what is left: most bytes are letters of a string, and lead to the same place. */
    const alike = new Map<string, Place>();
    return {
      complete: found.includes(bottom),
      after(byte) {
        if (next.has(byte)) return next.get(byte);
        const left = found
          .filter(({ pattern }) => pattern?.kind === "byte" && hasByte(pattern.set, byte))
          .map(({ below }) => below!);
        const key = left.map(({ id }) => id).join();
        const place = left.length === 0 ? undefined : (alike.get(key) ?? placeOf(tops(left)));
        if (place !== undefined) alike.set(key, place);
        next.set(byte, place);
        return place;
      },
    };
  }
}

const placesKept = 4096;

/**
 * Readings of a text that are followed at once: more than a schema within the limits needs that is not made for it.
 * Where there are more, the later ones are forgotten, by every node alike: less is legal then, and it still fits.
 */
const waysMax = 1024;

/** Stacks made for one answer, some 100 MB at the very worst. A schema that needs more was made to. */
const stacksMax = 500_000;

/** The place after all of these bytes. */
export function placeAfter(place: Place, bytes: Uint8Array): Place | undefined {
  let at: Place | undefined = place;
  for (const byte of bytes) {
    at = at.after(byte);
    if (at === undefined) return undefined;
  }
  return at;
}
