import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Chunk } from "../inference/chunk.ts";
import { readSchema, type SchemaLimits } from "./json-schema.ts";
import { type Place, placeAfter, placeBefore } from "./matcher.ts";

/**
 * What a schema asks of an answer's text: it can be seen without any model, so a gateway lets nothing through that does
 * not fit, whoever witnessed it or did not, and a stranger sees it in a receipt.
 */
export interface Form {
  /** Does this chunk fit after that one, of which the same was asked before? Undefined: it is the first. */
  fits(before: Chunk | undefined, chunk: Chunk): boolean;
}

/** Undefined for a schema that is not taken. */
export function formOf(schema: string, limits: SchemaLimits): Form | undefined {
  const pattern = readSchema(schema, limits);
  if (!("kind" in pattern)) return undefined;
  const begin = placeBefore(pattern);
  const places = new WeakMap<Chunk, Place>();
  let isLost = false;

  /** What cannot be followed to its end is held against nobody. */
  function follow(from: Place, text: string): Place | undefined {
    try {
      return placeAfter(from, utf8ToBytes(text));
    } catch {
      isLost = true;
      return undefined;
    }
  }

  return {
    fits(before, chunk) {
      const from = before === undefined ? begin : places.get(before);
      const place = from && follow(from, chunk.text);
      if (isLost) return true;
      if (place === undefined) return false;
      places.set(chunk, place);
      return chunk.end !== "stop" || place.complete;
    },
  };
}
