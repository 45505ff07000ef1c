import { networkInterfaces } from "node:os";
import { join as joinPath } from "node:path";
import { devChainId } from "../adapters/chain/anvil.ts";
import { type ChainReader, createChainReader } from "../adapters/chain/client.ts";
import { contractAddresses } from "../adapters/chain/deploy.ts";
import { addressOf, loadNodeKey, type NodeKey } from "../adapters/keys/node-key.ts";
import { createNode, type Node } from "../adapters/libp2p/node.ts";
import { lastingStore } from "../adapters/sqlite/lasting-store.ts";
import { openStore } from "../adapters/sqlite/store.ts";
import { systemClock as clock } from "../adapters/system/clock.ts";
import type { Address } from "../domain/ids.ts";
import type { Log, Store } from "../ports.ts";
import { HoldfastError } from "../protocol/errors.ts";
import type { Settings } from "./settings.ts";

/** The chain a network settles on, and its contracts there. */
export interface NetworkChain {
  readonly rpcs: readonly string[];
  readonly chainId: number;
  readonly bonds: Address;
  readonly models: Address;
}

/** One node of the network, as gateway and provider both begin. */
export interface Membership {
  readonly key: NodeKey;
  readonly address: Address;
  readonly store: Store;
  readonly chain: ChainReader;
  readonly network: NetworkChain;
  readonly node: Node;
  close(): Promise<void>;
}

/**
 * Opens the home folder (key and state; another process in it is refused), and starts the control plane. `listen`: the
 * address for other nodes, or undefined to listen for none.
 */
export async function join(settings: Settings, log: Log, listen: string | undefined): Promise<Membership> {
  const network = networkOf(settings);
  const store = lastingStore(openStore({ path: joinPath(settings.home, "node.sqlite") }), { log });
  const key = loadNodeKey(settings.home);
  const chain = createChainReader({ clock, log, store }, network);
  const local = settings.local ?? false;
  const port = settings.peerPort ?? 0;
  const tcp = listen === undefined ? [] : [`/${listen.includes(":") ? "ip6" : "ip4"}/${listen}/tcp/${port}`];
  // Who says where it can be reached carries others; who does not looks for a relay, in case it cannot be.
  const reachable = settings.announce !== undefined;
  const node = await createNode(
    { clock, log, store },
    {
      privateKey: key,
      ...network,
      bootstrap: settings.bootstrap ?? [],
      isBonded: (each) => chain.stakeOf(each) > 0n,
      listen: local || reachable || listen === undefined ? tcp : [...tcp, "/p2p-circuit"],
      relayServer: reachable,
      local,
    },
  );
  return {
    ...{ key, address: addressOf(key), store, chain, network, node },
    async close() {
      chain.close();
      await node.close();
      store.close();
    },
  };
}

/** Which chain, and which contracts on it. On a local network they follow from the code alone. */
function networkOf(settings: Settings): NetworkChain {
  const rpcs = settings.rpc ?? [];
  const known = settings.local ? { chainId: devChainId, ...contractAddresses() } : undefined;
  const chainId = settings.chainId ?? known?.chainId;
  const bonds = (settings.bonds as Address | undefined) ?? known?.bonds;
  const models = (settings.models as Address | undefined) ?? known?.models;
  if (rpcs.length > 0 && chainId !== undefined && bonds !== undefined && models !== undefined) {
    return { rpcs, chainId, bonds, models };
  }
  const missing = [
    ...(rpcs.length === 0 ? ["--rpc"] : []),
    ...(chainId === undefined ? ["--chain-id"] : []),
    ...(bonds === undefined ? ["--bonds"] : []),
    ...(models === undefined ? ["--models"] : []),
  ];
  throw new HoldfastError("It is not said which network to join.", {
    code: "no-network",
    fault: "user",
    facts: { missing: missing.join(" ") },
    remedy:
      "Name the chain and its contracts, or --network FOLDER, the home of a network that runs on this machine; or start a network on this machine with `holdfast up`; a gateway can also serve from --upstream URL.",
  });
}

/** Where others reach a port of this machine: as announced, else the address listened on, else all it has. */
export function endpointsOf(settings: Settings, endpoint: string): string[] {
  if (settings.announce !== undefined) return [...settings.announce];
  const port = endpoint.slice(endpoint.lastIndexOf(":") + 1);
  if (!endpoint.startsWith("0.0.0.0:") && !endpoint.startsWith("[::]:")) return [endpoint];
  const addresses = Object.values(networkInterfaces()).flatMap((each) => each ?? []);
  return addresses
    .filter(({ internal, family }) => !internal && family === "IPv4")
    .map(({ address }) => `${address}:${port}`);
}
