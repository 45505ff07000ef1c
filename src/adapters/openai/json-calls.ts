import { Agent, request } from "undici";
import type * as z from "zod";
import { limits } from "../../protocol/limits.ts";
import { garbage, refusal, unreachable } from "./upstream-error.ts";

/** JSON to one server and back: bounded in bytes and in time, and taken only in the shape that was asked for. */
export interface JsonCalls {
  /** Throws HoldfastError: what `refusal` makes of another status than 200, `upstream-garbage`, `upstream-unreachable`. */
  call<T>(path: string, schema: z.ZodType<T>, options?: CallOptions): Promise<T>;
  close(): Promise<void>;
}

interface CallOptions {
  /** Sent as JSON by POST; without it the call is a GET. */
  readonly body?: unknown;
  readonly bytesMax?: number;
  readonly signal?: AbortSignal | undefined;
}

export function createJsonCalls(server: {
  /** Of the server's root; `/v1` at its end is taken off. */
  readonly url: string;
  readonly key?: string;
  readonly slots: number;
}): JsonCalls {
  const root = server.url.replace(/\/+$/, "").replace(/\/v1$/, "");
  const agent = new Agent({
    connections: server.slots,
    connect: { timeout: limits.connectMsMax },
    headersTimeout: limits.engineSilenceMsMax,
    bodyTimeout: limits.engineSilenceMsMax,
  });
  const headers = {
    "content-type": "application/json",
    ...(server.key === undefined ? {} : { authorization: `Bearer ${server.key}` }),
  };

  async function call<T>(path: string, schema: z.ZodType<T>, options: CallOptions = {}): Promise<T> {
    const { body, signal, bytesMax = limits.engineReplyBytesMax } = options;
    // A body that trickles in never counts as silent, so the whole has a limit as well.
    const late = AbortSignal.timeout(limits.engineSilenceMsMax);
    try {
      const response = await request(`${root}${path}`, {
        ...{ method: body === undefined ? "GET" : "POST", dispatcher: agent, headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      });
      const isAnswer = response.statusCode === 200;
      const text = await read(response.body, isAnswer ? bytesMax : limits.engineErrorLengthMax, isAnswer);
      if (!isAnswer) throw refusal(response.statusCode, text, undefined);
      return parse(text, schema, path);
    } catch (error) {
      signal?.throwIfAborted();
      throw unreachable(error);
    }
  }

  return { call, close: () => agent.destroy() };
}

async function read(body: AsyncIterable<Uint8Array>, bytesMax: number, isAnswer: boolean): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > bytesMax && isAnswer) throw garbage("an answer larger than any that was asked for");
    if (size > bytesMax) break;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

function parse<T>(text: string, schema: z.ZodType<T>, path: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw garbage(`something that is not JSON at ${path}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  // Where it went wrong, never what stood there: it may be a prompt.
  throw garbage(
    `an answer of another shape at ${path}: ${parsed.error.issues[0]?.path.join(".") || "its top"}`,
  );
}
