import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import { connect as connectTls, type TLSSocket } from "node:tls";
import type { ChannelEnd, Clock } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import type { Offer } from "../../protocol/offer.ts";

/** A way to a provider that cannot be dialled: a raw stream to it through others. Rejects when there is none. */
export interface Relay {
  open(offer: Offer, signal: AbortSignal): Promise<Duplex>;
}

/** `relayed`: through others, at their cost and by their leave. */
export type Connected =
  | { readonly socket: TLSSocket; readonly relayed?: boolean }
  | { readonly failure: ChannelEnd };

/** Opens one pinned TLS connection. Resolves in any case; aborting the signal gives up. */
type Attempt = (signal: AbortSignal) => Promise<Connected>;

/**
 * Connects to the node an offer speaks of: its addresses in order, each a little after the one before, then through
 * a relay. The first that proves itself with the offer's certificate wins. `connectMsMax` for the addresses together,
 * and again for the relay.
 */
export async function connectToOffer(
  ports: { readonly clock: Clock; readonly relay?: Relay | undefined },
  offer: Offer,
): Promise<Connected> {
  const direct: Attempt[] = offer.endpoints.flatMap((endpoint) => {
    const address = parseEndpoint(endpoint);
    return address === undefined ? [] : [(signal) => pinnedTls(address, offer.certificate, signal)];
  });
  const first = await race(ports.clock, direct);
  const { relay } = ports;
  if ("socket" in first || relay === undefined || offer.multiaddrs.length === 0) return first;
  const relayed = await race(ports.clock, [
    async (signal) => {
      try {
        return await pinnedTls({ socket: await relay.open(offer, signal) }, offer.certificate, signal);
      } catch (error) {
        return unreachable(`no relay: ${error instanceof Error ? error.message : "failed"}`);
      }
    },
  ]);
  if ("socket" in relayed) return { ...relayed, relayed: true };
  // An impostor at the address is the more telling of two failures.
  return first.failure.code === "impostor" ? first : relayed;
}

/** Starts attempts `connectStaggerMs` apart, sooner when one fails, until one stands or time is up. */
function race(clock: Clock, attempts: readonly Attempt[]): Promise<Connected> {
  return new Promise((resolve) => {
    const abort = new AbortController();
    let next = 0;
    let running = 0;
    let failure: ChannelEnd = { code: "unreachable", detail: "no address" };
    let cancelStagger = () => {};
    const finish = (result: Connected) => {
      cancelStagger();
      cancelBudget();
      resolve(result);
      abort.abort();
    };
    const cancelBudget = clock.after(limits.connectMsMax, () =>
      finish(
        failure.code === "impostor" ? { failure } : unreachable(`no answer in ${limits.connectMsMax} ms`),
      ),
    );
    const start = () => {
      cancelStagger();
      const attempt = attempts[next++];
      if (attempt === undefined) {
        if (running === 0) finish({ failure });
        return;
      }
      running += 1;
      cancelStagger = clock.after(limits.connectStaggerMs, start);
      // Whatever an attempt throws (an address from a stranger's offer is in it) is one more way of not getting there.
      const tried = (async () => attempt(abort.signal))().catch((error: unknown) =>
        unreachable(error instanceof Error ? error.message : "failed"),
      );
      void tried.then((result) => {
        running -= 1;
        if ("socket" in result) {
          if (abort.signal.aborted) result.socket.destroy();
          else finish(result);
        } else if (!abort.signal.aborted) {
          if (failure.code !== "impostor") failure = result.failure;
          start();
        }
      });
    };
    start();
  });
}

/**
 * TLS whose other end must hold the very certificate. The built-in check knows only authorities and is off; ours
 * runs when the handshake is done and before anything is written, so an impostor gets no byte of a request.
 * Sessions are never resumed: a resumed one shows no certificate.
 */
function pinnedTls(
  to: { host: string; port: number } | { socket: Duplex },
  fingerprint: string,
  signal: AbortSignal,
): Promise<Connected> {
  return new Promise((resolve) => {
    const socket = connectTls({
      ...to,
      ALPNProtocols: ["h2"],
      minVersion: "TLSv1.3",
      servername: "",
      rejectUnauthorized: false,
    });
    const settle = (result: Connected) => {
      signal.removeEventListener("abort", giveUp);
      if ("failure" in result) socket.destroy();
      resolve(result);
    };
    const giveUp = () => settle(unreachable("given up"));
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp);
    socket.setNoDelay(true);
    socket.once("error", (error) => settle(unreachable(error.message)));
    socket.once("close", () => settle(unreachable("closed while connecting")));
    socket.once("secureConnect", () => {
      const raw = socket.getPeerX509Certificate()?.raw;
      const seen = raw === undefined ? "none" : createHash("sha256").update(raw).digest("hex");
      if (seen !== fingerprint)
        settle({
          failure: { code: "impostor", detail: `certificate ${seen.slice(0, 16)}… is not the offer's` },
        });
      else if (socket.alpnProtocol !== "h2")
        settle({ failure: { code: "garbage", detail: "the peer does not speak HTTP/2" } });
      else settle({ socket });
    });
  });
}

/** `host:port`, `[v6]:port`. Undefined for what is no address. */
function parseEndpoint(endpoint: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z.-]+)):(\d{1,5})$/.exec(endpoint);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

function unreachable(detail: string): { failure: ChannelEnd } {
  return { failure: { code: "unreachable", detail } };
}
