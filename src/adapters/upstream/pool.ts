import { limits } from "../../protocol/limits.ts";
import { Connection, type ExchangeListener, type Origin } from "./connection.ts";

/** One request and whoever hears its answer. */
export interface Request extends ExchangeListener {
  /** Its head, which ends with an empty line. */
  readonly head: string;
  readonly body: string | undefined;
  /** Nobody waits for the answer any more. */
  readonly over: boolean;
  /** It is on its way. */
  sent(connection: Connection): void;
}

/** The kept connections to one server. The one used last is used next, so that those not needed grow old. */
export class Pool {
  readonly #origin: Origin;
  readonly #memory: Buffer;
  readonly #all = new Set<Connection>();
  readonly #free: Connection[] = [];
  readonly #waiting: Request[] = [];

  /** `memory`: what is read from a connection, until it was heard. All may share it. */
  constructor(origin: Origin, memory: Buffer) {
    this.#origin = origin;
    this.#memory = memory;
  }

  send(request: Request): void {
    const connection = this.#free.pop() ?? this.#another();
    if (connection === undefined) this.#waiting.push(request);
    else pass(request, connection);
  }

  /** Closes those that were not needed for as long as their server keeps them. */
  sweep(now: number): void {
    for (const connection of this.#free.filter(({ expiresAt }) => expiresAt <= now)) connection.close();
  }

  /** What waits is told that it failed; `send` must not be called again. */
  close(): void {
    for (const request of this.#waiting.splice(0)) {
      if (!request.over) request.failed({ code: "broken", detail: "this gateway stops" });
    }
    for (const connection of [...this.#all]) connection.close();
  }

  #another(): Connection | undefined {
    if (this.#all.size >= limits.upstreamConnectionsMax) return undefined;
    const connection = new Connection(this.#origin, this.#memory, {
      free: () => this.#take(connection),
      gone: () => this.#lost(connection),
    });
    this.#all.add(connection);
    return connection;
  }

  #take(connection: Connection): void {
    const next = this.#next();
    if (next === undefined) this.#free.push(connection);
    else pass(next, connection);
  }

  #lost(connection: Connection): void {
    this.#all.delete(connection);
    const at = this.#free.indexOf(connection);
    if (at !== -1) this.#free.splice(at, 1);
    const next = this.#next();
    if (next !== undefined) this.send(next);
  }

  #next(): Request | undefined {
    let next = this.#waiting.shift();
    while (next?.over === true) next = this.#waiting.shift();
    return next;
  }
}

function pass(request: Request, connection: Connection): void {
  request.sent(connection);
  connection.exchange(request.head, request.body, request);
}
