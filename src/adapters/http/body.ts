import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { invalidRequest, type Refusal } from "../../protocol/openai.ts";

/** Reads a request's body as text, or says why not. Calls back once, or never when the application hangs up first. */
export function readBody(
  request: IncomingMessage,
  bytesMax: number,
  done: (body: string | Refusal) => void,
): void {
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) return done(tooLarge(bytesMax));
  const parts: Buffer[] = [];
  let bytes = 0;
  request.on("data", (part: Buffer) => {
    bytes += part.length;
    if (bytes <= bytesMax) return void parts.push(part);
    request.removeAllListeners("data");
    request.removeAllListeners("end");
    // What still comes is read and forgotten, so that the refusal reaches a client that is still sending.
    request.resume();
    done(tooLarge(bytesMax));
  });
  request.on("end", () => {
    const body = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    done(isUtf8(body) ? body.toString("utf8") : invalidRequest("The request body is not valid UTF-8."));
  });
}

function tooLarge(bytesMax: number): Refusal {
  return {
    status: 413,
    type: "invalid_request_error",
    message: `The request body is larger than ${bytesMax} bytes.`,
    param: null,
    code: "request_too_large",
  };
}
