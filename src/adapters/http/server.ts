import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { HttpHandler, Log } from "../../ports.ts";
import { HoldfastError, kindOf } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { errorBody, type Refusal, serverError, sseEvent } from "../../protocol/openai.ts";
import { readBody } from "./body.ts";
import { foreignCaller, isLocalHost } from "./guard.ts";
import { headComplaint } from "./head.ts";
import { replyOver } from "./reply.ts";

export interface HttpServerOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Default 127.0.0.1. Anything else lets others use this gateway, its keys and its money. */
  readonly host?: string;
  /** Names besides this machine's own under which it may be called while it listens on loopback. */
  readonly hostsAllowed?: readonly string[];
  readonly requestsInFlightMax?: number;
}

export interface HttpServer {
  /** `http://host:port`, with the port really taken. */
  readonly url: string;
  /** Takes no more connections, waits for open answers up to `limits.closeMsMax`, then cuts. */
  close(): Promise<void>;
}

/**
 * The application's side of the gateway on node:http: no framework, because four routes need none and every
 * millisecond here is on every answer. Throws HoldfastError `port-busy` or `cannot-listen` (fault environment).
 */
export async function serveHttp(
  ports: { readonly log: Log },
  options: HttpServerOptions,
  handle: HttpHandler,
): Promise<HttpServer> {
  const host = options.host ?? "127.0.0.1";
  const guarded = isLocalHost(host);
  const inFlightMax = options.requestsInFlightMax ?? limits.requestsInFlightMax;

  const server = createServer({
    headersTimeout: limits.requestHeadMsMax,
    requestTimeout: limits.requestMsMax,
    keepAliveTimeout: limits.idleConnectionMsMax,
    connectionsCheckingInterval: 2_000,
    noDelay: true,
  });
  server.maxConnections = limits.connectionsMax;
  const open = new Set<ServerResponse>();
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // Where an answer has begun, a refusal of what came behind its request would be written into it.
    const hasBegun = [...open].some((each) => each.socket === socket && each.headersSent);
    if (hasBegun) socket.destroy();
    else refuseRaw(error, socket);
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const requestId = `req_${randomUUID()}`;
    open.add(response);
    const reply = replyOver(response, requestId, () => open.delete(response));
    if (open.size > inFlightMax) return reply.refuse(tooMany);
    const foreign = guarded ? foreignCaller(request.headers, options.hostsAllowed ?? []) : undefined;
    const refused = headComplaint(request) ?? foreign;
    if (refused !== undefined) return reply.refuse(refused);
    readBody(request, limits.requestBytesMax, (body) => {
      if (typeof body !== "string") return reply.refuse(body);
      const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
      const headers = request.headers as Record<string, string | undefined>;
      const remote = request.socket.remoteAddress ?? "";
      try {
        handle({ id: requestId, method: request.method ?? "GET", path, headers, body, remote }, reply);
      } catch (error) {
        // One strange request must not end the answers of all others. Only the kind: a message may quote the request.
        ports.log.error("request failed", { request: requestId, error: kindOf(error) });
        reply.refuse(unexpected);
        // Only where a stream had begun; it must not look as if it had ended well.
        reply.write(sseEvent(errorBody(unexpected)));
        reply.end();
      }
    });
  });

  await listen(server, options.port, host);
  const { port } = server.address() as AddressInfo;
  server.on("error", (error) => ports.log.error("http server failed", { error: error.message }));
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    close: () => close(server),
  };
}

const tooMany: Refusal = {
  status: 429,
  type: "rate_limit_error",
  message: "Too many requests are being answered at once by this gateway. Try again shortly.",
  param: null,
  code: "too_many_requests",
  retryAfter: 1,
};

const unexpected = serverError(500, "The gateway failed at this request.", "internal_error");

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const busy = cause.code === "EADDRINUSE";
      reject(
        new HoldfastError(busy ? `Port ${port} is in use.` : `Cannot listen on ${host}:${port}.`, {
          code: busy ? "port-busy" : "cannot-listen",
          fault: "environment",
          remedy: busy
            ? "Stop what uses it (`ss -ltnp` shows what), or choose another with --port (0 takes any free one)."
            : "Choose an address of this machine and a port you may use (above 1023).",
          facts: { host, port, reason: cause.code ?? cause.message },
          cause,
        }),
      );
    });
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}

/** What is not HTTP still gets an answer in the API's own form. */
function refuseRaw(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === "ECONNRESET") return void socket.destroy();
  const [status, text] =
    error.code === "ERR_HTTP_REQUEST_TIMEOUT"
      ? ["408 Request Timeout", "The request took too long to arrive."]
      : error.code === "HPE_HEADER_OVERFLOW"
        ? ["431 Request Header Fields Too Large", "The request's headers are too large."]
        : ["400 Bad Request", "This is not a valid HTTP request."];
  const body = JSON.stringify(
    errorBody({ message: text, type: "invalid_request_error", param: null, code: null }),
  );
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  // Whoever keeps its own half open would hold one of `connectionsMax` for ever.
  socket.destroySoon();
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const late = setTimeout(() => server.closeAllConnections(), limits.closeMsMax);
  await closed;
  clearTimeout(late);
}
