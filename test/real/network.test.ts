import { multiaddr } from "@multiformats/multiaddr";
import { afterEach, expect, test } from "vitest";
import { createDialer } from "../../src/adapters/http2/dialer.ts";
import { addressOf, makeNodeKey, peerIdOf } from "../../src/adapters/keys/node-key.ts";
import { createSession } from "../../src/adapters/keys/session.ts";
import { createHost } from "../../src/adapters/libp2p/host.ts";
import type { NodeOptions } from "../../src/adapters/libp2p/node.ts";
import { sealOffer } from "../../src/adapters/libp2p/sealed-offer.ts";
import { limits } from "../../src/protocol/limits.ts";
import {
  converse,
  model,
  openOrder,
  type ProviderRig,
  plainOffer,
  startProvider,
  talk,
  wholeAttempt,
} from "../rigs/network.ts";
import { createHome, market, type NodeRig, offerFacts, startNode } from "../rigs/nodes.ts";
import { startPeer } from "../rigs/peers.ts";
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

const soon = { timeout: 60_000, interval: 50 };

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
  // So does whoever only knows the model it wants.
  await one.node.noticeModels([model]);
  expect(await gateway.node.seekModel(model)).toBeGreaterThan(0);
  // It has connected to the providers themselves by now, which is what it will remember.
  await expect.poll(() => gateway.node.peers().length, soon).toBe(3);
  expect(gateway.log.lines.join("\n")).not.toContain("look-failed");

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
  // A relay that dies takes the attempts it carried with it, and nobody mistakes that for a good end.
  const attempt = talk(dialer, offer);
  attempt.channel.send(openOrder);
  await attempt.heard((word) => word.t === "ready");
  await relay.close();
  expect(["broken", "closed"]).toContain((await attempt.ended).code);
  await expect.poll(() => hidden.data.ends.length, soon).toBe(1);
});

test("forged, oversize, garbage and expired offers are taken from nobody, however they come", async () => {
  const victim = await node();
  const [key, liar] = [makeNodeKey(), makeNodeKey()];
  const fresh = (seq: number) => ({
    ...plainOffer({ peer: peerIdOf(key), address: addressOf(key), seq }),
    issuedAt: Date.now(),
    expiresAt: Date.now() + limits.offerLifeMs,
  });
  const stale = { ...fresh(1), issuedAt: 1, expiresAt: Date.now() - limits.clockSkewMsMax };
  const evil = [
    await sealOffer(fresh(1), liar, market),
    await sealOffer(fresh(2), key, { ...market, chainId: 1 }),
    await sealOffer({ ...stale, issuedAt: stale.expiresAt - 1 }, key, market),
    Buffer.from("{}"),
    Buffer.alloc(limits.offerBytesMax, 0x20),
    Buffer.alloc(limits.offerBytesMax * 4, 0x20),
  ];
  const topic = `/holdfast/${market.chainId}/${market.bonds.toLowerCase()}/offers/1`;
  // What is wrong comes in the exchange when two nodes meet, from one such peer after the other.
  for (const bytes of [...evil, Buffer.from("\n\n\n"), Buffer.alloc(0)]) {
    const hostile = await createHost({ privateKey: makeNodeKey(), listen: [], local: true }, topic);
    closing.push(() => hostile.stop());
    const asked = new Promise<void>((resolve) => {
      void hostile.handle(topic, async (stream) => {
        stream.send(Buffer.concat([bytes, Buffer.from("\n")]));
        await stream.close().catch(() => undefined);
        resolve();
      });
    });
    await hostile.dial(victim.node.multiaddrs().map(multiaddr));
    await asked;
  }
  // And by gossip, from one that is otherwise well-behaved; its one honest offer arrives.
  const gossip = await createHost({ privateKey: makeNodeKey(), listen: [], local: true }, topic);
  closing.push(() => gossip.stop());
  gossip.services.pubsub.subscribe(topic);
  await gossip.dial(victim.node.multiaddrs().map(multiaddr));
  await expect.poll(() => gossip.services.pubsub.getSubscribers(topic).length, soon).toBe(1);
  for (const bytes of evil.slice(0, 3)) await gossip.services.pubsub.publish(topic, bytes);
  await gossip.services.pubsub.publish(topic, await sealOffer(fresh(9), key, market));
  await expect.poll(() => victim.node.offers().map(({ seq }) => seq), soon).toEqual([9]);
  const reasons = victim.log.lines.filter((line) => line.includes("offer.refused")).join("\n");
  for (const reason of ["forged", "garbage"]) expect(reasons).toContain(reason);
});

test("a provider killed in the middle of its answer, or stopped, is lost and known to be gone", async () => {
  const gateway = await node({ listen: ["/ip4/127.0.0.1/tcp/0"] });
  const gone: string[] = [];
  gateway.node.onGone((peer) => gone.push(peer));
  const dialer = gatewayDialer(gateway);
  const bootstrap = gateway.node.multiaddrs();
  const lose = async (signal: "SIGKILL" | "SIGSTOP"): Promise<void> => {
    const process = startPeer({ role: "provider", host: "127.0.0.1", node: { bootstrap } });
    closing.push(() => process.stop());
    const { peer } = await process.line("peer");
    await expect.poll(() => gateway.node.offers().map((offer) => `${offer.peer}`), soon).toContain(peer);
    const offer = gateway.node.offers().find((each) => each.peer === peer);
    if (offer === undefined) throw new Error("no offer");
    const attempt = talk(dialer, offer);
    attempt.channel.send(openOrder);
    await attempt.heard((word) => word.t === "ready");
    attempt.channel.send({ t: "speak", from: 0 });
    await attempt.heard((word) => word.t === "chunk" && word.chunk.start === 5);
    process.child.kill(signal);
    const { code } = await attempt.ended;
    expect(signal === "SIGSTOP" ? ["silent"] : ["broken", "closed"]).toContain(code);
    expect(attempt.words.some((word) => word.t === "chunk" && word.chunk.end !== undefined)).toBe(false);
    if (signal === "SIGKILL") await expect.poll(() => gone, soon).toContain(peer);
  };
  await Promise.all([lose("SIGKILL"), lose("SIGSTOP")]);
});

test("a dozen nodes on one loopback address all find one another", async () => {
  const first = await provider([]);
  const bootstrap = first.node.multiaddrs();
  const all: NodeRig[] = [first];
  for (let at = 1; at < 12; at++) all.push(await provider(bootstrap));
  for (const rig of all)
    await sees(
      rig,
      all.filter((other) => other !== rig),
    );
});
