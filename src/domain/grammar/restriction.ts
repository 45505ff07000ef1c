import type { TokenId } from "../ids.ts";
import { createReading, type Place, placeAfter, type ReadingLimits } from "./matcher.ts";
import type { Pattern } from "./pattern.ts";
import type { Vocabulary } from "./vocabulary.ts";

/**
 * Which tokens may come next in an answer that has to fit a pattern: those with which it still can, and an end token
 * exactly where it already does. A token that adds no text is never one of them.
 */
export interface Restriction {
  isLegal(position: number, id: TokenId): boolean;
  /** All of the vocabulary that are legal at this position, lowest first. */
  legal(position: number): TokenId[];
  /** The token at `position` is this one. Positions are told in order; one told again replaces what came after. */
  told(position: number, id: TokenId): void;
}

/** Each of its functions throws a RangeError where an answer can no longer be followed (createReading). */
export function createRestriction(
  pattern: Pattern,
  vocabulary: Vocabulary,
  limits: ReadingLimits,
): Restriction {
  const { ends } = vocabulary;
  const reading = createReading(pattern, limits);
  /** Before each position; undefined after a token that was not legal: from there on nothing is known to be wrong. */
  const places: Array<Place | undefined> = [reading.begin];

  function isLegal(position: number, id: TokenId): boolean {
    const place = places[position];
    if (place === undefined) return true;
    return ends.includes(id) ? place.complete : follow(place, id) !== undefined;
  }

  function follow(place: Place, id: TokenId): Place | undefined {
    const bytes = vocabulary.bytesOf(id);
    return bytes.length === 0 ? undefined : placeAfter(place, bytes);
  }

  return {
    isLegal,
    legal(position) {
      const place = places[position];
      const found = place?.complete === true ? [...ends] : [];
      for (let byte = 0; byte < 256; byte += 1) {
        if (place !== undefined && place.after(byte) === undefined) continue;
        for (const id of vocabulary.startingWith(byte))
          if (!ends.includes(id) && isLegal(position, id)) found.push(id);
      }
      return found.sort((a, b) => a - b);
    },
    told(position, id) {
      const place = places[position];
      reading.grown(vocabulary.bytesOf(id).length);
      places.length = position + 1;
      places.push(place && follow(place, id));
    },
  };
}
