import type { Connection, PeerId as Libp2pPeerId, Stream } from "@libp2p/interface";
import type { Log } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import { createLineSplitter } from "../http2/lines.ts";
import type { Host } from "./host.ts";

interface Exchange {
  /** Signed offers this node knows, its own first, newest next. */
  known(): Uint8Array[];
  /** Takes one a peer gave. False when only a dishonest peer would have given it. */
  take(bytes: Uint8Array, from: Libp2pPeerId): Promise<boolean>;
}

/**
 * Two nodes that have just met tell each other the offers they know, so that a newcomer need not wait for the next
 * round of gossip. One line each, then the stream ends; the protocol's name carries the market's scope.
 */
export async function startExchange(
  ports: { readonly log: Log },
  host: Host,
  protocol: string,
  exchange: Exchange,
): Promise<void> {
  const { log } = ports;
  await host.handle(protocol, async (stream) => {
    try {
      await tell(stream, exchange.known().slice(0, limits.offersExchangedMax));
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error("exchange failed"));
    }
  });
  await host.register(protocol, {
    onConnect(peer, connection) {
      ask(connection, protocol, (bytes) => exchange.take(bytes, peer)).catch((error) =>
        log.debug("offers.exchange-failed", { peer: peer.toString(), detail: String(error) }),
      );
    },
  });
}

async function tell(stream: Stream, offers: readonly Uint8Array[]): Promise<void> {
  const signal = AbortSignal.timeout(limits.exchangeMsMax);
  for (const offer of offers) {
    if (!stream.send(Buffer.concat([offer, Buffer.from("\n")]))) await stream.onDrain({ signal });
  }
  await stream.close({ signal });
}

/** Reads until the peer ends, the bounds are reached, or one offer shows the peer to be dishonest. */
async function ask(
  connection: Connection,
  protocol: string,
  take: (bytes: Uint8Array) => Promise<boolean>,
): Promise<void> {
  const signal = AbortSignal.timeout(limits.exchangeMsMax);
  const stream = await connection.newStream(protocol, { signal });
  const giveUp = () => stream.abort(new Error("the exchange took too long"));
  signal.addEventListener("abort", giveUp);
  const splitter = createLineSplitter(limits.offerBytesMax);
  let count = 0;
  try {
    for await (const chunk of stream) {
      const lines: string[] = [];
      const fault = splitter.push(Buffer.from(chunk.subarray()), (line) => lines.push(line));
      for (const line of lines) {
        count += 1;
        if (count > limits.offersExchangedMax) throw new Error("more offers than allowed");
        if (!(await take(Buffer.from(line)))) throw new Error("a dishonest offer");
      }
      if (fault !== undefined) throw new Error(fault);
    }
    await stream.close({ signal });
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error("exchange failed"));
    throw error;
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}
