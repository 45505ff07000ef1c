import type { Multiaddr } from "@multiformats/multiaddr";
import type { Clock, Log } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import type { Host } from "./host.ts";

/** Someone to connect to. `name` is its peer id, or its address where that is not known. */
export interface Acquaintance {
  readonly name: string;
  readonly multiaddrs: readonly Multiaddr[];
}

/** Keeps a node in company: connected to enough others, from whoever it knows, for as long as it runs. */
export interface Company {
  /** Looks now instead of at the next turn: something changed. */
  look(): void;
  stop(): void;
}

/**
 * `known` lists candidates, the most promising first. Only connections this node opened count towards
 * `peersWanted`: whoever surrounds a node with its own connections has not thereby replaced the ones it chose.
 */
export function keepCompany(
  ports: { readonly clock: Clock; readonly log: Log },
  host: Host,
  known: () => Acquaintance[] | Promise<Acquaintance[]>,
): Company {
  const { clock, log } = ports;
  const failures = new Map<string, { readonly count: number; readonly until: number }>();
  const self = host.peerId.toString();
  let cancel = () => {};
  let looking = false;
  let again = false;
  let stopped = false;

  function isConnected(name: string): boolean {
    return host.getPeers().some((peer) => peer.toString() === name);
  }

  function outbound(): number {
    const peers = host.getConnections().filter(({ direction }) => direction === "outbound");
    return new Set(peers.map(({ remotePeer }) => remotePeer.toString())).size;
  }

  async function dial({ name, multiaddrs }: Acquaintance): Promise<void> {
    try {
      await host.dial([...multiaddrs]);
      failures.delete(name);
    } catch (error) {
      const count = (failures.get(name)?.count ?? 0) + 1;
      const wait = Math.min(limits.redialMsMin * 2 ** (count - 1), limits.redialMsMax);
      failures.delete(name);
      failures.set(name, { count, until: clock.now() + wait });
      const [oldest] = failures.keys();
      if (failures.size > limits.offersMax && oldest !== undefined) failures.delete(oldest);
      log.debug("peer.unreachable", { peer: name, detail: String(error), retryMs: wait });
    }
  }

  async function look(): Promise<void> {
    const candidates = (await known()).filter(
      ({ name, multiaddrs }) =>
        multiaddrs.length > 0 && name !== self && (failures.get(name)?.until ?? 0) <= clock.now(),
    );
    // Few at once: a handshake costs 16 ms of CPU on both sides together.
    for (let at = 0; at < candidates.length && !stopped; at += 4) {
      const missing = limits.peersWanted - outbound();
      if (missing <= 0) return;
      const turn = candidates.slice(at, at + Math.min(4, missing)).filter(({ name }) => !isConnected(name));
      await Promise.all(turn.map(dial));
    }
  }

  async function turn(): Promise<void> {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    cancel();
    try {
      do {
        again = false;
        await look();
      } while (again && !stopped);
    } catch (error) {
      log.warn("peers.look-failed", { detail: String(error) });
    }
    looking = false;
    const wait = host.getPeers().length === 0 ? limits.redialMsMin : limits.peersCheckMs;
    if (!stopped) cancel = clock.after(wait, turn);
  }

  cancel = clock.after(0, turn);
  return {
    look: () => void turn(),
    stop() {
      stopped = true;
      cancel();
    },
  };
}
