import type { Clock, Dialer, Log } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import type { Offer } from "../../protocol/offer.ts";
import type { Relay } from "./connect.ts";
import { type Connection, createConnection } from "./connection.ts";

/**
 * The gateway's data plane: HTTP/2 over TLS to each provider, pinned to the certificate its offer vouches for. One
 * connection per provider, kept and shared; a restarted provider (new certificate or addresses) gets a new one.
 */
export function createDialer(
  ports: { readonly clock: Clock; readonly log: Log },
  options: { readonly relay?: Relay | undefined } = {},
): Dialer {
  const { clock } = ports;
  const connections = new Map<string, { readonly reach: string; readonly connection: Connection }>();
  let cancelSweep = clock.after(limits.connectionIdleMsMax / 4, sweep);
  let closed = false;

  /** The kept connection to where the offer says its node is, or a fresh one. */
  function connectionTo(offer: Offer): Connection {
    const reach = [offer.certificate, ...offer.endpoints].join(" ");
    const known = connections.get(offer.peer);
    if (known?.reach === reach && known.connection.usable()) return known.connection;
    // Its attempts are not torn from it: a signed offer may come before the old process ends.
    known?.connection.retire();
    makeRoom();
    const connection = createConnection({ ...ports, relay: options.relay }, offer, () => {
      if (connections.get(offer.peer)?.connection === connection) connections.delete(offer.peer);
    });
    connections.set(offer.peer, { reach, connection });
    return connection;
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
