import { limits } from "../../protocol/limits.ts";

export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface ResponseListener {
  answered(status: number, headers: ResponseHeaders): void;
  /** A piece of the body, valid until this returns. */
  piece(bytes: Buffer): void;
  /** `reusable`: the connection stands at the beginning of nothing, and the server means to keep it. */
  ended(reusable: boolean): void;
}

/** What came is not HTTP/1.1 as RFC 9112 has it. The message never quotes it. */
export class Malformed extends Error {}

/**
 * Reads one response after another from a connection's bytes (RFC 9112), in whatever pieces they come. Whatever could
 * be understood in two ways is malformed: who guesses where a body ends may take one answer for another.
 */
export class ResponseReader {
  readonly #listener: ResponseListener;
  #reads: "head" | "body" | "chunk-size" | "chunk" | "chunk-end" | "trailer" | "all" = "head";
  /** Bytes to come of the body, or of its chunk. */
  #left = 0;
  #reusable = true;
  /** The beginning of a line, or of a head, whose rest is to come. */
  #rest: Buffer | undefined;
  #trailerBytes = 0;
  #stopped = false;

  constructor(listener: ResponseListener) {
    this.#listener = listener;
  }

  /** Throws `Malformed`. */
  push(piece: Buffer): void {
    const bytes = this.#rest === undefined ? piece : Buffer.concat([this.#rest, piece]);
    this.#rest = undefined;
    let at = 0;
    while (at < bytes.length && !this.#stopped) {
      const next = this.#step(bytes, at);
      if (next === undefined) {
        // The socket's memory is its own; what waits must be a copy.
        this.#rest = Buffer.from(bytes.subarray(at));
        return;
      }
      at = next;
    }
  }

  /** The connection ended. True when that is how the body ends. */
  closed(): boolean {
    if (this.#reads !== "all" || this.#stopped) return false;
    this.#end(false);
    return true;
  }

  /** Nobody listens any more. */
  stop(): void {
    this.#stopped = true;
  }

  /** Reads on from `at`; returns how far it came, or undefined when more must come first. */
  #step(bytes: Buffer, at: number): number | undefined {
    switch (this.#reads) {
      case "head":
        return this.#head(bytes, at);
      case "all":
        this.#listener.piece(at === 0 ? bytes : bytes.subarray(at));
        return bytes.length;
      case "body":
      case "chunk":
        return this.#some(bytes, at);
      case "chunk-size":
        return this.#chunkSize(bytes, at);
      case "chunk-end":
        return this.#chunkEnd(bytes, at);
      case "trailer":
        return this.#trailer(bytes, at);
    }
  }

  #head(bytes: Buffer, at: number): number | undefined {
    const end = bytes.indexOf("\r\n\r\n", at, "latin1");
    if ((end === -1 ? bytes.length : end) - at > limits.upstreamHeadBytesMax)
      throw new Malformed("a long head");
    if (end === -1) return undefined;
    const [first = "", ...lines] = bytes.toString("latin1", at, end).split("\r\n");
    const [, minor, digits] = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/.exec(first) ?? [];
    if (digits === undefined) throw new Malformed("no status line");
    const status = Number(digits);
    // Interim answers (RFC 9110 §15.2) say nothing yet; nobody asked for another protocol.
    if (status === 101) throw new Malformed("another protocol");
    if (status < 200) return end + 4;
    const headers = headersIn(lines);
    this.#reusable = minor === "1" && !/\bclose\b/i.test(String(headers["connection"] ?? ""));
    this.#frame(status, headers);
    this.#listener.answered(status, headers);
    if (this.#reads === "body" && this.#left === 0) this.#end(end + 4 === bytes.length);
    return end + 4;
  }

  /** Where the body will end (RFC 9112 §6.3). */
  #frame(status: number, headers: ResponseHeaders): void {
    const { "transfer-encoding": encoding, "content-length": length } = headers;
    if (encoding !== undefined && length !== undefined) throw new Malformed("two lengths");
    this.#left = 0;
    if (status === 204 || status === 304) this.#reads = "body";
    else if (encoding !== undefined) {
      if (typeof encoding !== "string" || encoding.toLowerCase() !== "chunked")
        throw new Malformed("an encoding");
      this.#reads = "chunk-size";
    } else if (length !== undefined) {
      if (typeof length !== "string" || !/^\d{1,15}$/.test(length)) throw new Malformed("no length");
      this.#left = Number(length);
      this.#reads = "body";
    } else this.#reads = "all";
  }

  #some(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    this.#left -= end - at;
    this.#listener.piece(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end));
    if (this.#left === 0) {
      if (this.#reads === "body") this.#end(end === bytes.length);
      else this.#reads = "chunk-end";
    }
    return end;
  }

  #chunkSize(bytes: Buffer, at: number): number | undefined {
    const end = lineEnd(bytes, at);
    if (end === undefined) return undefined;
    // Extensions mean nothing to anybody (RFC 9112 §7.1.1).
    const [, hex] = /^([\da-fA-F]{1,8})[\t ]*(?:;|$)/.exec(bytes.toString("latin1", at, end)) ?? [];
    if (hex === undefined) throw new Malformed("no chunk size");
    this.#left = Number.parseInt(hex, 16);
    this.#trailerBytes = 0;
    this.#reads = this.#left === 0 ? "trailer" : "chunk";
    return end + 2;
  }

  #chunkEnd(bytes: Buffer, at: number): number | undefined {
    if (bytes.length - at < 2) return undefined;
    if (bytes[at] !== 0x0d || bytes[at + 1] !== 0x0a) throw new Malformed("a chunk without an end");
    this.#reads = "chunk-size";
    return at + 2;
  }

  /** Lines after the last chunk, of no use here, until an empty one. */
  #trailer(bytes: Buffer, at: number): number | undefined {
    const end = lineEnd(bytes, at);
    if (end === undefined) return undefined;
    this.#trailerBytes += end - at;
    if (this.#trailerBytes > limits.upstreamHeadBytesMax) throw new Malformed("a long trailer");
    if (end === at) this.#end(end + 2 === bytes.length);
    return end + 2;
  }

  /** `alone`: nothing came after it. Whatever did belongs to no request. */
  #end(alone: boolean): void {
    if (this.#stopped) return;
    this.#reads = "head";
    this.#stopped = !alone || !this.#reusable;
    this.#listener.ended(!this.#stopped);
  }
}

function lineEnd(bytes: Buffer, at: number): number | undefined {
  const end = bytes.indexOf("\r\n", at, "latin1");
  if ((end === -1 ? bytes.length : end) - at > limits.upstreamHeadBytesMax)
    throw new Malformed("a long line");
  return end === -1 ? undefined : end;
}

function headersIn(lines: readonly string[]): ResponseHeaders {
  const headers: Record<string, string | string[] | undefined> = { __proto__: null } as never;
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    if (!/^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/.test(name)) throw new Malformed("a header without a name");
    const value = line.slice(colon + 1).trim();
    const key = name.toLowerCase();
    const before = headers[key];
    headers[key] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}
