import { limits } from "../../protocol/limits.ts";
import { SseSplitter } from "../../protocol/sse.ts";
import { garbage } from "./upstream-error.ts";

/**
 * The `data` of each server-sent event of a response body. Names, ids and comments are ignored, as no OpenAI-compatible
 * server gives them a meaning. Throws HoldfastError `upstream-garbage` for an event longer than `engineEventLengthMax`.
 */
export async function* serverEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const splitter = new SseSplitter(limits.engineEventLengthMax);
  const dataIn = (text: string): string[] => {
    const events = splitter.push(text);
    if (events === "oversize") throw garbage("an event larger than any answer needs");
    return events.flatMap(({ data }) => data ?? []);
  };
  for await (const bytes of body) yield* dataIn(decoder.decode(bytes, { stream: true }));
  // Servers forget the empty line after the last event more often than one would hope.
  yield* dataIn("\n\n");
}
