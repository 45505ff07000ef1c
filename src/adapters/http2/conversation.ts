import { constants, type Http2Stream } from "node:http2";
import type * as z from "zod";
import type { Channel, ChannelEnd, ChannelHandlers } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import { createLineSplitter } from "./lines.ts";

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR, NGHTTP2_PROTOCOL_ERROR } = constants;

/** One attempt's messages, both ways, from before its stream stands until after it is gone. */
export interface Conversation<In, Out> {
  readonly channel: Channel<Out>;
  /** Who hears of it. Set before anything can arrive. */
  handlers: ChannelHandlers<In> | undefined;
  /** Gives it its stream; what was said before goes out first. */
  attach(stream: Http2Stream): void;
  /** It is lost, for a reason the stream itself does not know. */
  fail(cause: ChannelEnd): void;
}

interface Options<In> {
  readonly schema: z.ZodType<In>;
  /** Longest message that is read, bytes. */
  readonly bytesMax: number;
  /** What closing means. A provider has said its last word and wants it heard; a gateway wants silence at once. */
  readonly closing: "finish" | "reset";
  /** Called once, when nothing more will happen. */
  readonly onOver: () => void;
}

export function createConversation<In, Out>(options: Options<In>): Conversation<In, Out> {
  const splitter = createLineSplitter(options.bytesMax);
  let stream: Http2Stream | undefined;
  let queue: string[] = [];
  let queuedLength = 0;
  let over = false;
  /** Closed by this side: no callback follows. */
  let closed = false;

  function finish(resetCode: number): void {
    over = true;
    // Never from inside the session's own callbacks, which Node has not always survived.
    if (stream !== undefined) setImmediate(leave, stream, resetCode);
    options.onOver();
  }

  /** Told in a microtask: a role must not hear of an end in the middle of its own `send` or `open`. */
  function fail(cause: ChannelEnd, resetCode = NGHTTP2_CANCEL): void {
    if (over) return;
    finish(resetCode);
    queueMicrotask(() => {
      if (!closed) conversation.handlers?.closed(cause);
    });
  }

  function hear(line: string): void {
    if (over) return;
    const message = parse(options.schema, line);
    if (typeof message.fault === "string") garbage(message.fault);
    else conversation.handlers?.message(message.value);
  }

  const garbage = (detail: string) => fail({ code: "garbage", detail }, NGHTTP2_PROTOCOL_ERROR);

  const conversation: Conversation<In, Out> = {
    handlers: undefined,
    fail,
    channel: {
      send(message) {
        if (over) return;
        const line = `${JSON.stringify(message)}\n`;
        if (stream === undefined) {
          queue.push(line);
          queuedLength += line.length;
        } else stream.write(line);
        if ((stream?.writableLength ?? queuedLength) > limits.unsentBytesMax)
          fail({ code: "broken", detail: `the peer left more than ${limits.unsentBytesMax} bytes unread` });
      },
      close() {
        closed = true;
        if (!over) finish(options.closing === "finish" ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
      },
    },
    attach(standing) {
      stream = standing;
      for (const line of queue) stream.write(line);
      queue = [];
      if (over) {
        // Closed before it stood: a provider refuses so. Its word still goes out.
        standing.on("error", () => {});
        leave(standing, closed ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
        return;
      }
      stream.on("data", (bytes: Buffer) => {
        if (over) return;
        const fault = splitter.push(bytes, hear);
        if (fault !== undefined) garbage(fault);
      });
      watchEnd(standing, fail);
    },
  };
  return conversation;
}

/** Frees a stream. Without an error, what was written goes out first. */
function leave(stream: Http2Stream, resetCode: number): void {
  if (stream.destroyed) return;
  if (resetCode !== NGHTTP2_NO_ERROR) return stream.close(resetCode);
  // Ended, and left to the peer to end too: one that is reset as well, when the peer's own reset is under way, has
  // left Node 24.21 sending empty frames for it for ever, a core and gigabytes lost.
  if (!stream.writableEnded) stream.end();
  stream.resume();
  stream.setTimeout(limits.streamEndMsMax, () => stream.close(NGHTTP2_CANCEL));
}

/**
 * How a stream's end reads. A killed peer looks like a clean end (`end`, no error, then the session's death), so
 * the word "closed" is only a courtesy: what ended well says so in-band.
 */
function watchEnd(stream: Http2Stream, fail: (cause: ChannelEnd, resetCode?: number) => void): void {
  let detail = "the stream was lost";
  const connected = () => stream.session !== undefined && !stream.session.destroyed;
  stream.on("end", () => {
    // Nothing more comes. Our half is freed too, at once if the peer is not even reading it.
    if (connected())
      fail(
        { code: "closed", detail: "the peer ended the stream" },
        stream.writableLength > 0 ? NGHTTP2_CANCEL : NGHTTP2_NO_ERROR,
      );
  });
  stream.on("error", (error) => {
    detail = error.message;
  });
  stream.on("close", () => {
    const cancelled = stream.rstCode === NGHTTP2_CANCEL || stream.rstCode === NGHTTP2_NO_ERROR;
    if (cancelled && connected()) fail({ code: "closed", detail: "the peer cancelled the stream" });
    else fail({ code: "broken", detail });
  });
}

function parse<T>(schema: z.ZodType<T>, line: string): { value: T; fault?: never } | { fault: string } {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return { fault: "a message is not JSON" };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  const issue = parsed.error.issues[0];
  // The place and the kind, never the value: it may be a piece of someone's prompt.
  return { fault: `a message breaks the schema at "${issue?.path.join(".") ?? ""}" (${issue?.code ?? "?"})` };
}
