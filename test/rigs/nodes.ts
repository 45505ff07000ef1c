import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeNodeKey, type NodeKey } from "../../src/adapters/keys/node-key.ts";
import { createNode, type Node, type NodeOptions } from "../../src/adapters/libp2p/node.ts";
import { lastingStore } from "../../src/adapters/sqlite/lasting-store.ts";
import { openStore } from "../../src/adapters/sqlite/store.ts";
import type { Address } from "../../src/domain/ids.ts";
import { model, type ProviderRig, plainOffer } from "./network.ts";
import { clock, createLogRig } from "./ports.ts";

export const market = { chainId: 31337, bonds: "0x5FbDB2315678afecb367f032d93F642f64180aa3" as Address };

export interface NodeRig {
  readonly node: Node;
  readonly key: NodeKey;
  readonly home: string;
  readonly log: ReturnType<typeof createLogRig>;
  close(): Promise<void>;
}

/** A home folder for one test; `remove` when it is over. */
export function createHome(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "holdfast-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A node of a network on this machine, its state in `home`. */
export async function startNode(home: string, options: Partial<NodeOptions> = {}): Promise<NodeRig> {
  const key = options.privateKey ?? makeNodeKey();
  const log = createLogRig();
  const store = lastingStore(openStore({ path: join(home, "node.sqlite") }), { log });
  const node = await createNode(
    { clock, log, store },
    {
      ...market,
      privateKey: key,
      listen: ["/ip4/127.0.0.1/tcp/0"],
      bootstrap: [],
      local: true,
      isBonded: () => false,
      ...options,
    },
  );
  let closed = false;
  return {
    node,
    key,
    home,
    log,
    async close() {
      if (closed) return;
      closed = true;
      await node.close();
      store.close();
    },
  };
}

/** What a provider says of itself. `endpoints: []` makes it one that cannot be dialled. */
export function offerFacts(provider: ProviderRig, endpoints = [provider.listener.endpoint]) {
  const { v, sessionKey, certificate, multiaddrs, slots, domain } = plainOffer({
    sessionKey: provider.session.sessionKey,
    certificate: provider.session.tls.fingerprint,
  });
  const models = [
    {
      id: model,
      name: "test-model",
      contextTokens: 2048,
      witness: true,
      resume: true,
      profile: "test",
      priceIn: "0",
      priceOut: "0",
    },
  ];
  return { v, sessionKey, certificate, endpoints, multiaddrs, models, slots, domain };
}
