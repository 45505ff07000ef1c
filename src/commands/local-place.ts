import { join } from "node:path";
import { loadNodeKey, peerIdOf } from "../adapters/keys/node-key.ts";
import { freePorts } from "../adapters/process/free-ports.ts";
import type { Store } from "../ports.ts";

/** One process to be: where it listens and who it is are known before it starts, so that all can be told of all. */
export interface Place {
  readonly name: string;
  readonly home: string;
  readonly log: string;
  readonly peerPort: number;
  readonly dataPort: number;
  readonly multiaddr: string;
}

/** The gateway's place and the providers', each with the ports it had before where they are still free. */
export async function findPlaces(store: Store, home: string, nodes: number) {
  const before = JSON.parse(store.get("ports") ?? "[]") as number[];
  const ports = await freePorts(1 + 2 * (nodes + 1), before);
  store.put("ports", JSON.stringify(ports));
  const [rpcPort = 0, ...rest] = ports;
  const names = ["gateway", ...Array.from({ length: nodes }, (_, index) => `provider ${index + 1}`)];
  const places = names.map((name, index): Place => {
    const folder = join(home, name.replace(" ", "-"));
    const [peerPort = 0, dataPort = 0] = rest.slice(2 * index);
    const peer = peerIdOf(loadNodeKey(folder));
    const multiaddr = `/ip4/127.0.0.1/tcp/${peerPort}/p2p/${peer}`;
    return { name, home: folder, log: join(folder, "log"), peerPort, dataPort, multiaddr };
  });
  return { rpcPort, places };
}
