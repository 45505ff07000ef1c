import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";

/**
 * The `data` of each server-sent event of a response body. Bounded: a server that never ends a line is an error, not
 * memory. Names, ids and comments are ignored, as no OpenAI-compatible server gives them a meaning.
 */
export async function* serverEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let data: string[] = [];
  let size = 0;
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield data.join("\n");
        data = [];
        size = 0;
      } else if (line.startsWith("data:")) {
        size += line.length;
        data.push(line.slice(line[5] === " " ? 6 : 5));
      }
      if (size > limits.engineEventLengthMax) throw oversize();
    }
    if (rest.length > limits.engineEventLengthMax) throw oversize();
  }
  // Servers forget the empty line after the last event more often than one would hope.
  if (rest.startsWith("data:")) data.push(rest.slice(rest[5] === " " ? 6 : 5));
  if (data.length > 0) yield data.join("\n");
}

function oversize(): HoldfastError {
  return new HoldfastError("The upstream sent an event larger than any answer needs.", {
    code: "upstream-garbage",
    fault: "peer",
    facts: { lengthMax: limits.engineEventLengthMax },
  });
}
