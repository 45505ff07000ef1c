import { utf8ToBytes } from "@noble/hashes/utils.js";
import type { Chunk } from "../inference/chunk.ts";
import { readSchema, type SchemaLimits } from "./json-schema.ts";
import { createReading, type Place, placeAfter } from "./matcher.ts";

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
  const reading = createReading(pattern, limits);
  const places = new WeakMap<Chunk, Place>();

  /**
   * What cannot be followed does not fit. No honest node says it: to choose a token it follows the same text, and others
   * that it might have been, with no more steps, and gives up before this does.
   */
  function follow(from: Place, text: string): Place | undefined {
    const bytes = utf8ToBytes(text);
    reading.grown(bytes.length);
    try {
      return placeAfter(from, bytes);
    } catch {
      return undefined;
    }
  }

  return {
    fits(before, chunk) {
      const from = before === undefined ? reading.begin : places.get(before);
      const place = from && follow(from, chunk.text);
      if (place === undefined) return false;
      places.set(chunk, place);
      return chunk.end !== "stop" || place.complete;
    },
  };
}
