import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { HoldfastError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/limits.ts";
import type { Offer } from "../../protocol/offer.ts";
import { multiaddrsOf } from "./carrier.ts";
import type { Acquaintance } from "./company.ts";
import type { Host } from "./host.ts";
import type { Remembered } from "./remembered.ts";

/**
 * Whom a node could connect to: those it reached before, the bootstraps it was given, those whose offers it holds,
 * those the hash table told it of. Any one of the four is enough to find the rest.
 */
export async function acquaintances(
  host: Host,
  remembered: Remembered,
  bootstrap: readonly Acquaintance[],
  offers: readonly Offer[],
): Promise<Acquaintance[]> {
  const all: Acquaintance[] = [
    ...remembered.all().map(({ peer, multiaddrs }) => known(peer, multiaddrs)),
    ...bootstrap,
    ...offers.map(({ peer, multiaddrs }) => known(peer, multiaddrs)),
  ];
  for (const { id, addresses } of await host.peerStore.all())
    all.push(
      known(
        id.toString(),
        addresses.map(({ multiaddr: address }) => address.toString()),
      ),
    );
  // A peer known from several sides may have moved since one of them heard of it: all its addresses are kept.
  const merged = new Map<string, Map<string, Multiaddr>>();
  for (const { name, multiaddrs } of all) {
    const addresses = merged.get(name) ?? new Map<string, Multiaddr>();
    merged.set(name, addresses);
    for (const address of multiaddrs)
      if (addresses.size < limits.offerAddressesMax) addresses.set(address.toString(), address);
  }
  return [...merged].map(([name, addresses]) => ({ name, multiaddrs: [...addresses.values()] }));
}

/** A bootstrap as the operator wrote it. Throws HoldfastError `bad-multiaddr` (fault user). */
export function parseBootstrap(text: string): Acquaintance {
  try {
    const parsed = multiaddr(text);
    const name = parsed.getComponents().findLast(({ name }) => name === "p2p")?.value ?? text;
    return { name, multiaddrs: [parsed] };
  } catch (cause) {
    throw new HoldfastError("A bootstrap address is not a multiaddr.", {
      code: "bad-multiaddr",
      fault: "user",
      remedy: "Write it like /ip4/203.0.113.7/tcp/4001/p2p/16Uiu2….",
      facts: { address: text },
      cause,
    });
  }
}

function known(peer: string, multiaddrs: readonly string[]): Acquaintance {
  return { name: peer, multiaddrs: multiaddrsOf(peer, multiaddrs) };
}
