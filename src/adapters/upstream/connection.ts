import { isIP, type OnReadOpts, connect as overTcp, type Socket } from "node:net";
import { type ConnectionOptions, connect as overTls } from "node:tls";
import type { UpstreamFault } from "../../ports.ts";
import { kindOf } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import { Malformed, type ResponseHeaders, ResponseReader } from "./response.ts";

/** Where connections lead. */
export interface Origin {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  /** What makes the next TLS handshake a short one. */
  session?: Buffer;
}

/** What is told of one exchange. */
export interface ExchangeListener {
  answered(status: number, headers: ResponseHeaders): void;
  /** Valid until it returns. */
  piece(bytes: Buffer): void;
  ended(): void;
  failed(fault: UpstreamFault): void;
}

export interface ConnectionEvents {
  /** It takes another exchange. */
  free(connection: Connection): void;
  /** It takes none any more. Once, and last. */
  gone(connection: Connection): void;
}

/** One kept HTTP/1.1 connection: one exchange at a time, so that what dies with it is one answer. */
export class Connection {
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #reader: ResponseReader;
  #listener: ExchangeListener | undefined;
  #connected = false;
  #gone = false;
  #idleMsMax = idleMsDefault;
  /** While it is free: when it is closed, on the machine's monotonic clock. */
  expiresAt = Number.POSITIVE_INFINITY;

  /** `memory`: where what comes is read to; it is heard before anything else is. */
  constructor(origin: Origin, memory: Buffer, events: ConnectionEvents) {
    this.#events = events;
    this.#reader = new ResponseReader({
      answered: (status, headers) => this.#answered(status, headers),
      piece: (bytes) => this.#listener?.piece(bytes),
      ended: (reusable) => this.#ended(reusable),
    });
    const onread = { buffer: memory, callback: (length: number) => this.#data(memory.subarray(0, length)) };
    const socket = open(origin, onread);
    this.#socket = socket;
    const late = setTimeout(() => this.#lose("unreachable", "ETIMEDOUT"), limits.connectMsMax);
    socket.once(origin.tls ? "secureConnect" : "connect", () => {
      this.#connected = true;
      clearTimeout(late);
    });
    socket.on("end", () => this.#closed());
    socket.on("error", (error) => this.#lose(...causeOf(error, this.#connected)));
    socket.on("close", () => {
      clearTimeout(late);
      this.#closed();
    });
  }

  /** Sends a request; its head ends with an empty line. What comes before the connection stands waits for it. */
  exchange(head: string, body: string | undefined, listener: ExchangeListener): void {
    this.#listener = listener;
    this.expiresAt = Number.POSITIVE_INFINITY;
    // One write, one packet. Header values may hold any of Latin-1's letters; then the two differ in their bytes.
    if (body === undefined || /[^\0-\x7f]/.test(head)) {
      this.#socket.cork();
      this.#socket.write(head, "latin1");
      if (body !== undefined) this.#socket.write(body);
      this.#socket.uncork();
    } else this.#socket.write(head + body);
  }

  /** Closes it, so that the server learns that nobody listens any more. No callback but `gone` follows. */
  close(): void {
    this.#listener = undefined;
    this.#reader.stop();
    this.#socket.destroy();
    if (this.#gone) return;
    this.#gone = true;
    this.#events.gone(this);
  }

  #data(bytes: Buffer): boolean {
    // An answer nobody asked for: whoever asks next must not be given it.
    if (this.#listener === undefined) this.close();
    else {
      try {
        this.#reader.push(bytes);
      } catch (error) {
        // What a listener cannot take costs one answer, and not those of all others.
        if (error instanceof Malformed) this.#lose("garbage", error.message);
        else this.#lose("broken", kindOf(error));
      }
    }
    return true;
  }

  #answered(status: number, headers: ResponseHeaders): void {
    const seconds = /timeout=(\d{1,6})/.exec(String(headers["keep-alive"] ?? ""))?.[1];
    // A second before the server's own time, since what is sent while it closes is lost.
    this.#idleMsMax = seconds === undefined ? idleMsDefault : Number(seconds) * 1000 - 1000;
    this.#listener?.answered(status, headers);
  }

  #ended(reusable: boolean): void {
    const listener = this.#listener;
    this.#listener = undefined;
    if (!reusable || this.#idleMsMax <= 0) this.close();
    else {
      this.expiresAt = performance.now() + Math.min(this.#idleMsMax, limits.upstreamIdleMsMax);
      this.#events.free(this);
    }
    listener?.ended();
  }

  #closed(): void {
    if (this.#listener !== undefined && this.#reader.closed()) return;
    this.#lose(this.#connected ? "broken" : "unreachable", "the connection was closed");
  }

  #lose(code: UpstreamFault["code"], detail: string): void {
    const listener = this.#listener;
    this.close();
    listener?.failed({ code, detail });
  }
}

/** Idle time of a server that says nothing of it, ms: few close sooner. */
const idleMsDefault = 4_000;

function open(origin: Origin, onread: OnReadOpts): Socket {
  const { tls, host, port } = origin;
  const socket = tls ? openTls(origin, onread) : overTcp({ host, port, onread });
  return socket.setNoDelay(true).setKeepAlive(true, probeAfterMs);
}

function openTls(origin: Origin, onread: OnReadOpts): Socket {
  const { host, port, session } = origin;
  // No name is sent for an address (RFC 6066 §3).
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const options = {
    host,
    port,
    ...servername,
    ...(session && { session }),
    ALPNProtocols: ["http/1.1"],
    onread,
  };
  return overTls(options as ConnectionOptions).on("session", (next) => {
    origin.session = next;
  });
}

/** The kernel probes a connection on which nothing moves after this, ms: its other end may be gone without a word. */
const probeAfterMs = 60_000;

/** The detail is a code, never a message that could quote what was sent. */
function causeOf(error: Error, connected: boolean): [UpstreamFault["code"], string] {
  const causes = error instanceof AggregateError ? error.errors : [error];
  const detail = (causes[0] as NodeJS.ErrnoException | undefined)?.code ?? error.name;
  return [connected ? "broken" : "unreachable", detail];
}
