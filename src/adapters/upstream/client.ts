import type {
  UpstreamExchange,
  UpstreamFault,
  UpstreamHandlers,
  UpstreamRequest,
  Upstreams,
} from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import type { Connection } from "./connection.ts";
import { TextPieces } from "./decoder.ts";
import { Pool, type Request } from "./pool.ts";
import type { ResponseHeaders } from "./response.ts";

/**
 * Plain upstreams over kept HTTP/1.1 connections: one write for a request, one pass over each piece of an answer, no
 * redirects, no retries, no time limits but the connection's (silence is the role's to judge).
 */
export function createUpstreams(): Upstreams {
  const pools = new Map<string, Pool>();
  const routes = new Map<string, Route>();
  const memory = Buffer.allocUnsafeSlow(readBytes);
  /** The configuration names every URL there is, so that what was worked out for one is kept. */
  const routeTo = (url: string): Route => {
    const known = routes.get(url);
    if (known !== undefined) return known;
    const { origin, protocol, hostname, host, port, pathname, search } = new URL(url);
    const tls = protocol === "https:";
    const address = hostname.replace(/^\[(.*)\]$/, "$1");
    const pool =
      pools.get(origin) ?? new Pool({ tls, host: address, port: Number(port) || (tls ? 443 : 80) }, memory);
    pools.set(origin, pool);
    const route = {
      pool,
      head: ` ${pathname}${search} HTTP/1.1\r\nhost: ${host}\r\nconnection: keep-alive\r\n`,
    };
    routes.set(url, route);
    return route;
  };
  // Idle connections are looked at together: a timer for each would cost more than what it watches.
  const sweep = setInterval(() => {
    for (const pool of pools.values()) pool.sweep(performance.now());
  }, sweepMs).unref();

  return {
    send(request, handlers) {
      const { pool, head } = routeTo(request.url);
      const fields = fieldsOf(request);
      const exchange = new Exchange(`${request.method}${head}${fields}`, request.body, handlers);
      // Later, as all else is told: who asks has nothing to abort before this returns.
      if (fields === undefined)
        queueMicrotask(() => exchange.failed({ code: "broken", detail: "a header that cannot be sent" }));
      else pool.send(exchange);
      return exchange;
    },
    async close() {
      clearInterval(sweep);
      for (const pool of pools.values()) pool.close();
    },
  };
}

/** Read at once from a connection: as much as the kernel usually has. */
const readBytes = 64 * 1024;
const sweepMs = 500;

interface Route {
  readonly pool: Pool;
  readonly head: string;
}

/** The request's own head fields and the empty line; undefined when one of them holds what a head cannot. */
function fieldsOf({ headers, body }: UpstreamRequest): string | undefined {
  let fields = "";
  for (const name in headers) {
    const value = headers[name]!;
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) return undefined;
    fields += `${name}: ${value}\r\n`;
  }
  return body === undefined ? `${fields}\r\n` : `${fields}content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
}

class Exchange implements UpstreamExchange, Request {
  readonly head: string;
  readonly body: string | undefined;
  over = false;
  readonly #handlers: UpstreamHandlers;
  readonly #text = new TextPieces();
  #connection: Connection | undefined;
  #bytes = 0;

  constructor(head: string, body: string | undefined, handlers: UpstreamHandlers) {
    this.head = head;
    this.body = body;
    this.#handlers = handlers;
  }

  abort(): void {
    if (this.over) return;
    this.over = true;
    // The upstream learns of it and stops generating.
    this.#connection?.close();
  }

  sent(connection: Connection): void {
    this.#connection = connection;
  }

  answered(status: number, headers: ResponseHeaders): void {
    const encoding = headers["content-encoding"];
    if (encoding === undefined || encoding === "identity") return this.#handlers.answered(status, headers);
    this.#garbage("a compressed body nobody asked for");
  }

  piece(bytes: Buffer): void {
    if (this.over) return;
    this.#bytes += bytes.length;
    if (this.#bytes > limits.upstreamBodyBytesMax) return this.#garbage("the body is too long");
    let text: string;
    try {
      text = this.#text.push(bytes);
    } catch {
      return this.#garbage("not UTF-8");
    }
    if (text !== "") this.#handlers.piece(text);
  }

  ended(): void {
    if (this.over) return;
    try {
      this.#text.end();
    } catch {
      return this.#garbage("the body ends inside a character");
    }
    this.over = true;
    this.#handlers.ended();
  }

  failed(fault: UpstreamFault): void {
    if (this.over) return;
    this.over = true;
    this.#handlers.failed(fault);
  }

  #garbage(detail: string): void {
    this.abort();
    this.#handlers.failed({ code: "garbage", detail });
  }
}
