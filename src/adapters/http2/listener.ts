import { constants as cryptoConstants } from "node:crypto";
import {
  constants,
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createServer as createTlsServer } from "node:tls";
import type { Channel, ChannelHandlers, Clock, Listener, Log } from "../../ports.ts";
import { attemptPath, type Order, orderSchema, type Word } from "../../protocol/attempt.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { createConversation } from "./conversation.ts";
import { createHeartbeat, type Heartbeat } from "./heartbeat.ts";
import { sessionOptions } from "./session-options.ts";

export interface ListenerOptions {
  /** PEM, both. The certificate's SHA-256 is what the offer must say. */
  readonly key: string;
  readonly certificate: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

export interface Http2Listener extends Listener {
  /** `host:port` as it listens. */
  readonly endpoint: string;
  /** Serves a connection that came another way (a relayed stream), with the same TLS. `remote` names its other end. */
  serve(connection: Duplex, remote: string): void;
}

/** One connection and what runs on it. */
interface Guest {
  readonly remote: string;
  readonly heartbeat: Heartbeat;
  attempts: number;
}

type Accept = (channel: Channel<Word>, remote: string) => ChannelHandlers<Order>;

/** The provider's data plane. Throws HoldfastError `port-busy` or `cannot-listen` (fault environment). */
export async function createListener(
  ports: { readonly clock: Clock; readonly log: Log },
  options: ListenerOptions,
): Promise<Http2Listener> {
  const { log } = ports;
  const tls = {
    key: options.key,
    cert: options.certificate,
    minVersion: "TLSv1.3",
    ALPNProtocols: ["h2"],
    // No tickets: a resumed connection would show no certificate.
    secureOptions: cryptoConstants.SSL_OP_NO_TICKET,
  } as const;
  const server = createSecureServer({
    ...sessionOptions,
    ...tls,
    allowHTTP1: false,
    handshakeTimeout: limits.handshakeMsMax,
    unknownProtocolTimeout: limits.handshakeMsMax,
  });
  const guests = new Map<ServerHttp2Session, Guest>();
  let accept: Accept | undefined;
  let arriving: string | undefined;

  server.maxConnections = limits.connectionsInMax;
  server.on("session", (session) => {
    const remote = arriving ?? addressOf(session);
    if (guests.size >= limits.connectionsInMax) {
      session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM);
      return;
    }
    // A gateway whose host lost its power says nothing: without this its jobs would run to their deadline.
    const heartbeat = createHeartbeat(ports.clock, session, () => session.destroy());
    guests.set(session, { remote, heartbeat, attempts: 0 });
    if (!session.destroyed) session.setLocalWindowSize(limits.connectionWindowBytes);
    session.setTimeout(2 * limits.connectionIdleMsMax, () => session.close());
    session.on("error", (error) => log.debug("listener.session", { remote, detail: error.message }));
    session.on("close", () => {
      heartbeat.stop();
      guests.delete(session);
    });
  });
  server.on("stream", (stream, headers) => {
    const guest = guests.get(stream.session as ServerHttp2Session);
    if (guest === undefined) stream.destroy();
    else serveStream(ports, stream, headers, accept, guest);
  });
  // What arrives broken is the other side's trouble, once it is named here.
  server.on("sessionError", (error) => log.debug("listener.session", { detail: error.message }));
  server.on("tlsClientError", (error) => log.debug("listener.tls", { detail: error.message }));
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });

  const endpoint = await listen(server, options);
  // What goes wrong once it listens is told, and ends nothing else.
  server.on("error", (error) => log.error("listener.failed", { detail: error.message }));
  return {
    endpoint,
    onAttempt(listener) {
      accept = listener;
    },
    serve(connection, remote) {
      // A server of its own for each, never listening: that is what tells whose handshake was completed.
      const gate = createTlsServer({ ...tls, handshakeTimeout: limits.handshakeMsMax }, (socket) => {
        arriving = remote;
        server.emit("secureConnection", socket);
        arriving = undefined;
      });
      gate.on("tlsClientError", (error) => {
        log.debug("listener.tls", { remote, detail: error.message });
        connection.destroy();
      });
      connection.on("error", (error) => log.debug("listener.carried", { remote, detail: error.message }));
      gate.emit("connection", connection);
    },
    async close() {
      for (const session of guests.keys()) session.destroy();
      // Those still in their handshake are no sessions yet.
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** One attempt. What is not one is answered in plain HTTP and forgotten. */
function serveStream(
  { clock }: { readonly clock: Clock },
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  accept: Accept | undefined,
  guest: Guest,
): void {
  const isAttempt = headers[":path"] === attemptPath && headers[":method"] === "POST";
  if (!isAttempt || accept === undefined) {
    stream.on("error", () => {});
    stream.respond({ ":status": isAttempt ? 503 : 404 }, { endStream: true });
    stream.close(constants.NGHTTP2_NO_ERROR);
    return;
  }
  let cancel = () => {};
  guest.attempts += 1;
  guest.heartbeat.start();
  const talk = createConversation<Order, Word>({
    schema: orderSchema,
    bytesMax: limits.messageBytesMax,
    closing: "finish",
    onOver: () => {
      cancel();
      guest.attempts -= 1;
      if (guest.attempts === 0) guest.heartbeat.stop();
      // A last word that is not fetched in time is given up with its stream.
      const giveUp = clock.after(limits.firstMessageMsMax, () => stream.destroy());
      if (stream.destroyed) giveUp();
      else stream.once("close", giveUp);
    },
  });
  cancel = clock.after(limits.firstMessageMsMax, () =>
    talk.fail({ code: "garbage", detail: `no message within ${limits.firstMessageMsMax} ms` }),
  );
  const handlers = accept(talk.channel, guest.remote);
  talk.handlers = {
    message: (order) => {
      cancel();
      handlers.message(order);
    },
    closed: (cause) => handlers.closed(cause),
  };
  stream.respond({ ":status": 200, "content-type": "application/x-ndjson" });
  talk.attach(stream);
}

function listen(server: Http2SecureServer, { host, port }: ListenerOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const failed = (cause: NodeJS.ErrnoException) => {
      const busy = cause.code === "EADDRINUSE";
      reject(
        new HoldfastError(
          busy ? `Port ${port} is taken by another process.` : `This node cannot listen on ${host}:${port}.`,
          {
            code: busy ? "port-busy" : "cannot-listen",
            fault: "environment",
            remedy: busy
              ? "Name another port, or none to take any free one."
              : "Name an address of this machine.",
            facts: { host, port },
            cause,
          },
        ),
      );
    };
    server.once("error", failed);
    server.listen(port, host, () => {
      server.off("error", failed);
      const address = server.address() as AddressInfo;
      resolve(`${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`);
    });
  });
}

function addressOf(session: ServerHttp2Session): string {
  return `${session.socket.remoteAddress ?? "unknown"}:${session.socket.remotePort ?? 0}`;
}
