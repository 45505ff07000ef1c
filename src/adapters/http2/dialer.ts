import type { Clock, Dialer, Log } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import type { Offer } from "../../protocol/offer.ts";
import type { Relay } from "./connect.ts";
import { type Connection, createConnection } from "./connection.ts";

/** The kept connection to one provider, and when to look again whether it can be had without others' help. */
interface Kept {
  readonly reach: string;
  connection: Connection;
  directAt: number;
  directWaitMs: number;
}

/**
 * The gateway's data plane: HTTP/2 over TLS to each provider, pinned to the certificate its offer vouches for. One
 * connection per provider, kept and shared; a restarted provider (new certificate or addresses) gets a new one, and one
 * that was reached through others is dialled directly now and then, so that a passing fault leaves no detour behind.
 */
export function createDialer(
  ports: { readonly clock: Clock; readonly log: Log },
  options: { readonly relay?: Relay | undefined } = {},
): Dialer {
  const { clock } = ports;
  const connections = new Map<string, Kept>();
  let cancelSweep = clock.after(limits.connectionIdleMsMax / 4, sweep);
  let closed = false;

  /** The kept connection to where the offer says its node is, or a fresh one. */
  function connectionTo(offer: Offer): Connection {
    const reach = [offer.certificate, ...offer.endpoints].join(" ");
    const known = connections.get(offer.peer);
    if (known?.reach === reach && known.connection.usable()) {
      if (known.connection.relayed && clock.now() >= known.directAt) seekDirect(offer, known);
      return known.connection;
    }
    // Its attempts are not torn from it: a signed offer may come before the old process ends.
    known?.connection.retire();
    makeRoom();
    const connection = dial(offer, options.relay);
    const directWaitMs = limits.directRetryMs.least;
    connections.set(offer.peer, { reach, connection, directAt: clock.now() + directWaitMs, directWaitMs });
    return connection;
  }

  function dial(offer: Offer, relay: Relay | undefined, stands?: () => void): Connection {
    const connection = createConnection({ ...ports, relay }, offer, {
      ...(stands && { stands }),
      gone() {
        if (connections.get(offer.peer)?.connection === connection) connections.delete(offer.peer);
      },
    });
    return connection;
  }

  /** Dials the node itself beside the detour that stands. What is under way goes on over the old way to its end. */
  function seekDirect(offer: Offer, known: Kept): void {
    known.directAt = clock.now() + known.directWaitMs;
    known.directWaitMs = Math.min(2 * known.directWaitMs, limits.directRetryMs.most);
    const direct = dial(offer, undefined, () => {
      const detour = known.connection;
      const wanted = !closed && connections.get(offer.peer) === known;
      if (wanted) known.connection = direct;
      (wanted ? detour : direct).retire();
    });
  }

  function makeRoom(): void {
    if (connections.size < limits.connectionsOutMax) return;
    const idle = [...connections.values()].filter(({ connection }) => connection.attempts === 0);
    idle.sort((a, b) => a.connection.usedAt - b.connection.usedAt)[0]?.connection.retire();
  }

  function sweep(): void {
    const before = clock.now() - limits.connectionIdleMsMax;
    for (const { connection } of [...connections.values()])
      if (connection.attempts === 0 && connection.usedAt < before) connection.retire();
    cancelSweep = clock.after(limits.connectionIdleMsMax / 4, sweep);
  }

  return {
    open(offer, handlers) {
      if (closed) {
        queueMicrotask(() => handlers.closed({ code: "unreachable", detail: "this gateway is closing" }));
        return { send() {}, close() {} };
      }
      return connectionTo(offer).open(handlers);
    },
    async close() {
      closed = true;
      cancelSweep();
      for (const { connection } of [...connections.values()])
        connection.destroy({ code: "broken", detail: "this gateway is closing" });
    },
  };
}
