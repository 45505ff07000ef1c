import { type ClientHttp2Session, connect as connectHttp2, constants } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { Channel, ChannelEnd, ChannelHandlers, Clock, Log } from "../../ports.ts";
import { attemptPath, type Order, type Word, wordSchema } from "../../protocol/attempt.ts";
import { limits } from "../../protocol/limits.ts";
import type { Offer } from "../../protocol/offer.ts";
import { connectToOffer, type Relay } from "./connect.ts";
import { type Conversation, createConversation } from "./conversation.ts";
import { createHeartbeat, type Heartbeat } from "./heartbeat.ts";
import { sessionOptions } from "./session-options.ts";

type Talk = Conversation<Word, Order>;

/** One kept connection to one provider, shared by all attempts there. */
export interface Connection {
  /** False once it is lost or closing: open another. */
  usable(): boolean;
  readonly attempts: number;
  /** It stands, but goes through others. */
  readonly relayed: boolean;
  /** Monotonic time it was last used, ms. */
  readonly usedAt: number;
  open(handlers: ChannelHandlers<Word>): Channel<Order>;
  /** Takes no more attempts and goes when the last one is over. */
  retire(): void;
  /** Everything on it is lost now. */
  destroy(cause: ChannelEnd): void;
}

interface Ports {
  readonly clock: Clock;
  readonly log: Log;
  readonly relay?: Relay | undefined;
}

/** What becomes of a connection; each is told once at most. */
export interface ConnectionEvents {
  stands?(): void;
  gone(): void;
}

/** How a session says that it takes no more streams. */
const refusing: ReadonlySet<number> = new Set([
  constants.NGHTTP2_ENHANCE_YOUR_CALM,
  constants.NGHTTP2_REFUSED_STREAM,
]);

/** Begins to connect at once. Attempts opened meanwhile wait for it with what they say. */
export function createConnection(ports: Ports, offer: Offer, events: ConnectionEvents): Connection {
  const { clock, log } = ports;
  const talks = new Set<Talk>();
  let session: ClientHttp2Session | undefined;
  let heartbeat: Heartbeat | undefined;
  let gone = false;
  let retired = false;
  let relayed = false;
  let usedAt = clock.now();

  function destroy(cause: ChannelEnd): void {
    if (gone) return;
    gone = true;
    heartbeat?.stop();
    for (const talk of [...talks]) talk.fail(cause);
    session?.destroy();
    log.debug("connection.gone", { peer: offer.peer, code: cause.code, detail: cause.detail });
    events.gone();
  }

  function leave(talk: Talk): void {
    talks.delete(talk);
    usedAt = clock.now();
    if (talks.size > 0) return;
    heartbeat?.stop();
    if (retired) destroy({ code: "closed", detail: "no longer used" });
  }

  function start(talk: Talk): void {
    if (session === undefined || gone) return;
    try {
      const stream = session.request({ ":method": "POST", ":path": attemptPath }, { endStream: false });
      stream.once("response", (headers) => {
        const status = Number(headers[":status"]);
        if (status !== 200) talk.fail({ code: "broken", detail: `the provider answered ${status}` });
      });
      // Its peer's session may have lost count of its memory (Node's does, over streams that were cut under load), and then
      // it refuses every stream for ever, while it answers pings.
      stream.once("close", () => {
        if (stream.rstCode !== undefined && refusing.has(stream.rstCode)) retire();
      });
      talk.attach(stream);
    } catch (error) {
      talk.fail({ code: "broken", detail: error instanceof Error ? error.message : "no stream" });
    }
  }

  function retire(): void {
    retired = true;
    if (talks.size === 0) destroy({ code: "closed", detail: "no longer used" });
  }

  function stand(socket: TLSSocket): void {
    session = connectHttp2("https://holdfast", { ...sessionOptions, createConnection: () => socket });
    session.once("connect", () => session?.setLocalWindowSize(limits.connectionWindowBytes));
    session.on("error", (error) => destroy({ code: "broken", detail: error.message }));
    session.on("close", () => destroy({ code: "broken", detail: "the connection was lost" }));
    heartbeat = createHeartbeat(clock, session, (detail) => destroy({ code: "silent", detail }));
    if (talks.size > 0) heartbeat.start();
    for (const talk of talks) start(talk);
    log.debug("connection.stands", { peer: offer.peer, relayed });
    events.stands?.();
  }

  connectToOffer(ports, offer).then((result) => {
    if ("failure" in result) destroy(result.failure);
    else if (gone) result.socket.destroy();
    else {
      relayed = result.relayed ?? false;
      stand(result.socket);
    }
  });

  return {
    usable: () =>
      !gone && !retired && session?.closed !== true && talks.size < limits.streamsPerConnectionMax,
    get attempts() {
      return talks.size;
    },
    get relayed() {
      return relayed;
    },
    get usedAt() {
      return usedAt;
    },
    open(handlers) {
      const talk: Talk = createConversation<Word, Order>({
        schema: wordSchema,
        bytesMax: limits.replyBytesMax,
        closing: "reset",
        onOver: () => leave(talk),
      });
      talk.handlers = handlers;
      talks.add(talk);
      start(talk);
      // A connection that lay idle may have died unnoticed: the first beat goes out with the first message.
      if (talks.size === 1) heartbeat?.start();
      return talk.channel;
    },
    retire,
    destroy,
  };
}
