import { afterEach, expect, test } from "vitest";
import { createDialer } from "../../src/adapters/http2/dialer.ts";
import { createSession } from "../../src/adapters/keys/session.ts";
import type { NodeOptions } from "../../src/adapters/libp2p/node.ts";
import { converse, type ProviderRig, startProvider, wholeAttempt } from "../rigs/network.ts";
import { createHome, type NodeRig, offerFacts, startNode } from "../rigs/nodes.ts";
import { clock, createLogRig } from "../rigs/ports.ts";

const closing: Array<() => Promise<unknown> | unknown> = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function node(options: Partial<NodeOptions> = {}, home?: string): Promise<NodeRig> {
  const made = home === undefined ? createHome() : { path: home, remove() {} };
  const rig = await startNode(made.path, options);
  closing.push(async () => {
    await rig.close();
    made.remove();
  });
  return rig;
}

/** A provider as it runs: data plane, control plane, offer. */
async function provider(
  bootstrap: string[],
  options: Partial<NodeOptions> & { endpoints?: string[] } = {},
): Promise<NodeRig & { data: ProviderRig }> {
  const data = await startProvider(converse);
  closing.push(() => data.listener.close());
  const { endpoints, ...rest } = options;
  const rig = await node({ bootstrap, ...rest });
  await rig.node.serveRelayed(data.listener.serve);
  await rig.node.publish(offerFacts(data, endpoints));
  return { ...rig, data };
}

function gatewayDialer(rig: NodeRig) {
  const dialer = createDialer({ clock, log: createLogRig() }, { relay: rig.node.relay });
  closing.push(() => dialer.close());
  return dialer;
}

const soon = { timeout: 20_000, interval: 50 };

function sees(rig: NodeRig, others: readonly NodeRig[]) {
  return expect
    .poll(
      () =>
        rig.node
          .offers()
          .map(({ peer }) => peer)
          .sort(),
      soon,
    )
    .toEqual(others.map(({ node: { peer } }) => peer).sort());
}

test("two providers and a gateway find each other through one bootstrap, and without it after a restart", async () => {
  const bootstrap = await node();
  const known = bootstrap.node.multiaddrs();
  const [one, two] = [await provider(known), await provider(known)];
  const home = createHome();
  closing.push(home.remove);
  const gateway = await node({ listen: [], bootstrap: known }, home.path);
  await sees(gateway, [one, two]);
  const dialer = gatewayDialer(gateway);
  for (const offer of gateway.node.offers()) expect(await wholeAttempt(dialer, offer)).toBe("Hello 世界");
  // It has connected to the providers themselves by now, which is what it will remember.
  await expect.poll(() => gateway.node.peers().length, soon).toBe(3);
  await expect.poll(() => gateway.log.lines.join("\n"), soon).not.toContain("look-failed");

  await gateway.close();
  await bootstrap.close();
  const restarted = await node({ listen: [], bootstrap: [], privateKey: gateway.key }, home.path);
  await sees(restarted, [one, two]);
  for (const offer of restarted.node.offers())
    expect(await wholeAttempt(gatewayDialer(restarted), offer)).toBe("Hello 世界");
});

test("a provider that cannot be dialled is reached by relay, and a whole attempt works", async () => {
  const relay = await node({ relayServer: true });
  const hidden = await provider(relay.node.multiaddrs(), { listen: ["/p2p-circuit"], endpoints: [] });
  await expect.poll(() => hidden.node.multiaddrs().join(), soon).toContain("/p2p-circuit/");
  const gateway = await node({ listen: [], bootstrap: relay.node.multiaddrs() });
  await expect
    .poll(
      () =>
        gateway.node
          .offers()
          .flatMap(({ multiaddrs }) => multiaddrs)
          .join(),
      soon,
    )
    .toContain("/p2p-circuit/");
  const dialer = gatewayDialer(gateway);
  const [offer] = gateway.node.offers();
  if (offer === undefined) throw new Error("no offer");
  expect(await wholeAttempt(dialer, offer)).toBe("Hello 世界");
  expect(hidden.data.remotes).toEqual([gateway.node.peer]);
  // The relay carries TLS to the pinned certificate: with another one nothing is asked, relay or not.
  const orders = hidden.data.orders.length;
  const wrong = { ...offer, certificate: createSession().tls.fingerprint };
  await expect(wholeAttempt(dialer, wrong)).rejects.toThrow("impostor");
  expect(hidden.data.orders.length).toBe(orders);
});
