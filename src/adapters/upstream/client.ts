import { type Dispatcher, errors, Pool } from "undici";
import type { UpstreamExchange, UpstreamFault, UpstreamHandlers, Upstreams } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import { TextPieces } from "./decoder.ts";

/**
 * Plain upstreams over undici's dispatcher: kept connections, one pass over each piece, no redirects, no retries, no
 * time limits but the connection's (silence is the role's to judge).
 */
export function createUpstreams(): Upstreams {
  const pools = new Map<string, Pool>();
  const routes = new Map<string, { readonly pool: Pool; readonly path: string }>();
  /** The configuration names every URL there is, so that what was worked out for one is kept. */
  const routeTo = (url: string) => {
    let route = routes.get(url);
    if (route === undefined) {
      const { origin, pathname, search } = new URL(url);
      route = { pool: poolOf(origin), path: pathname + search };
      routes.set(url, route);
    }
    return route;
  };
  const poolOf = (origin: string) => {
    let pool = pools.get(origin);
    if (pool === undefined) {
      pool = new Pool(origin, {
        connections: limits.upstreamConnectionsMax,
        pipelining: 1,
        // One stream that dies must not take others with it, as it would on a shared HTTP/2 connection.
        allowH2: false,
        headersTimeout: 0,
        bodyTimeout: 0,
        connect: { timeout: limits.connectMsMax },
      });
      pools.set(origin, pool);
    }
    return pool;
  };

  return {
    send(request, handlers) {
      const { pool, path } = routeTo(request.url);
      const exchange = new Exchange(handlers);
      const { method, headers, body = null } = request;
      pool.dispatch({ method, path, headers, body }, exchange);
      return exchange;
    },
    async close() {
      const all = [...pools.values()];
      pools.clear();
      routes.clear();
      await Promise.all(all.map((pool) => pool.destroy()));
    },
  };
}

class Exchange implements UpstreamExchange, Dispatcher.DispatchHandler {
  readonly #handlers: UpstreamHandlers;
  readonly #text = new TextPieces();
  #controller: Dispatcher.DispatchController | undefined;
  #over = false;
  #bytes = 0;

  constructor(handlers: UpstreamHandlers) {
    this.#handlers = handlers;
  }

  abort(): void {
    this.#over = true;
    // Destroys the socket, so that the upstream learns of it and stops generating.
    this.#controller?.abort(new errors.RequestAbortedError());
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) controller.abort(new errors.RequestAbortedError());
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (this.#over || status < 200) return;
    const encoding = headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") {
      return this.#fail({ code: "garbage", detail: "a compressed body nobody asked for" });
    }
    this.#handlers.answered(status, headers);
  }

  onResponseData(_: Dispatcher.DispatchController, piece: Buffer): void {
    if (this.#over) return;
    this.#bytes += piece.length;
    if (this.#bytes > limits.upstreamBodyBytesMax) {
      return this.#fail({ code: "garbage", detail: "the body is too long" });
    }
    let text: string;
    try {
      text = this.#text.push(piece);
    } catch {
      return this.#fail({ code: "garbage", detail: "not UTF-8" });
    }
    if (text !== "") this.#handlers.piece(text);
  }

  onResponseEnd(): void {
    if (this.#over) return;
    try {
      this.#text.end();
    } catch {
      return this.#fail({ code: "garbage", detail: "the body ends inside a character" });
    }
    this.#over = true;
    this.#handlers.ended();
  }

  onResponseError(_: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#over) return;
    this.#over = true;
    this.#handlers.failed(faultOf(error));
  }

  #fail(fault: UpstreamFault): void {
    this.abort();
    this.#handlers.failed(fault);
  }
}

const unreachable = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** The detail is a code, never a message that could quote what was sent. */
function faultOf(error: Error): UpstreamFault {
  const causes = error instanceof AggregateError ? error.errors : [error];
  const detail = (causes[0] as NodeJS.ErrnoException | undefined)?.code ?? error.name;
  if (unreachable.has(detail) || /CERT|TLS|SSL/.test(detail)) return { code: "unreachable", detail };
  return { code: detail.startsWith("HPE_") ? "garbage" : "broken", detail };
}
