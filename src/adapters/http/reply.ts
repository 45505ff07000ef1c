import type { ServerResponse } from "node:http";
import type { Reply } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import { errorBody, type Refusal } from "../../protocol/openai.ts";

const json = "application/json; charset=utf-8";

/** The port's `Reply` over a node:http response. `settled` runs once, when answered or hung up. */
export function replyOver(response: ServerResponse, requestId: string, settled: () => void): Reply {
  let over = false;
  let abort: (() => void) | undefined;
  const settle = () => {
    over = true;
    abort = undefined;
    settled();
  };
  response.on("error", () => {}); // A broken pipe also closes, and that is handled below.
  response.on("close", () => {
    if (over) return;
    const listener = abort;
    settle();
    listener?.();
  });

  const whole = (status: number, body: string, headers?: Record<string, string>) => {
    if (over || response.headersSent) return;
    settle();
    const head = {
      "content-type": json,
      "x-request-id": requestId,
      "content-length": Buffer.byteLength(body),
      ...headers,
    };
    // A string leaves in one write together with the head.
    response.writeHead(status, head).end(body);
  };
  const retryAfter = ({ retryAfter: seconds }: Refusal) =>
    seconds === undefined ? undefined : { "retry-after": String(Math.ceil(seconds)) };

  return {
    refuse: (refusal) => whole(refusal.status, JSON.stringify(errorBody(refusal)), retryAfter(refusal)),
    json: (status, body, headers) => whole(status, JSON.stringify(body), headers),
    text: whole,
    stream(headers) {
      if (over || response.headersSent) return;
      response.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
        "x-accel-buffering": "no",
        "x-request-id": requestId,
        ...headers,
      });
    },
    write(text) {
      if (over) return;
      response.write(text);
      // An application that reads this slowly is as good as gone; closing tells it so, and its answer stops.
      if (response.writableLength > limits.answerUnsentBytesMax) response.destroy();
    },
    end() {
      if (over) return;
      settle();
      response.end();
    },
    onAbort(listener) {
      if (!over) abort = listener;
    },
  };
}
