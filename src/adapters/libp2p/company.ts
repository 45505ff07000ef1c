import type { Multiaddr } from "@multiformats/multiaddr";
import type { Clock, Log } from "../../ports.ts";
import { limits } from "../../protocol/limits.ts";
import { connectedTo, type Host } from "./host.ts";

/** Someone to connect to. `name` is its peer id, or its address where that is not known. */
export interface Acquaintance {
  readonly name: string;
  readonly multiaddrs: readonly Multiaddr[];
}

/** Keeps a node in company: connected to enough others, from whoever it knows, for as long as it runs. */
export interface Company {
  /** Looks soon instead of at the next turn: something changed. */
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
  let due = Number.POSITIVE_INFINITY;
  let looking = false;
  let stopped = false;

  function missing(): number {
    return limits.peersWanted - connectedTo(host, "outbound").size;
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
    if (missing() <= 0) return;
    let candidates = (await known()).filter(
      ({ name, multiaddrs }) =>
        multiaddrs.length > 0 && name !== self && (failures.get(name)?.until ?? 0) <= clock.now(),
    );
    while (!stopped) {
      const connected = connectedTo(host);
      candidates = candidates.filter(({ name }) => !connected.has(name));
      // Few at once: a handshake costs 16 ms of CPU on both sides together.
      const turn = candidates.splice(0, Math.min(4, Math.max(0, missing())));
      if (turn.length === 0) return;
      await Promise.all(turn.map(dial));
    }
  }

  async function turn(): Promise<void> {
    due = Number.POSITIVE_INFINITY;
    if (looking) return lookIn(limits.redialMsMin);
    looking = true;
    try {
      await look();
    } catch (error) {
      log.warn("peers.look-failed", { detail: String(error) });
    }
    looking = false;
    lookIn(connectedTo(host).size === 0 ? limits.redialMsMin : limits.peersCheckMs);
  }

  /** No later than that, ms. */
  function lookIn(ms: number): void {
    const at = clock.now() + ms;
    if (stopped || at >= due) return;
    cancel();
    due = at;
    cancel = clock.after(ms, turn);
  }

  lookIn(0);
  return {
    // Not at once: where many peers fail at one instant, their streams are going on elsewhere just then.
    look: () => lookIn(limits.redialMsMin),
    stop() {
      stopped = true;
      cancel();
    },
  };
}
