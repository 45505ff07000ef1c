/**
 * One peer as its own process, for tests that kill, stop or disconnect it. Takes one JSON argument, prints JSON lines,
 * and ends with its standard input. A provider speaks a chunk every 10 ms without end once told to speak.
 */
import { createDialer } from "../../src/adapters/http2/dialer.ts";
import type { NodeOptions } from "../../src/adapters/libp2p/node.ts";
import { chunkWord, openOrder, readyWord, startProvider, talk } from "./network.ts";
import { createHome, offerFacts, startNode } from "./nodes.ts";
import { clock, createLogRig } from "./ports.ts";

export interface PeerOptions {
  readonly role: "provider" | "gateway";
  readonly host: string;
  readonly node: Partial<Pick<NodeOptions, "listen" | "bootstrap" | "local" | "pingMs">>;
}

const options = JSON.parse(process.argv[2] ?? "{}") as PeerOptions;
const home = createHome();
process.stdin.resume();
process.stdin.on("close", () => {
  home.remove();
  process.exit();
});
const say = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`);
const rig = await startNode(home.path, options.node);

if (options.role === "provider") {
  const data = await startProvider((order, channel) => {
    if (order.t === "open") channel.send(readyWord);
    let position = 0;
    if (order.t === "speak") setInterval(() => channel.send(chunkWord(position++, "x")), 10);
  }, options.host);
  await rig.node.publish(offerFacts(data));
  say({ peer: rig.node.peer, multiaddrs: rig.node.multiaddrs() });
} else {
  say({ peer: rig.node.peer, multiaddrs: rig.node.multiaddrs() });
  const dialer = createDialer({ clock, log: createLogRig() }, { relay: rig.node.relay });
  const met = new Set<string>();
  rig.node.onGone((peer) => {
    met.delete(peer);
    say({ gone: peer });
  });
  rig.node.onOffer(async (offer) => {
    if (met.has(offer.peer)) return;
    met.add(offer.peer);
    say({ offer: offer.peer });
    const attempt = talk(dialer, offer);
    attempt.channel.send(openOrder);
    await attempt.heard((word) => word.t === "ready");
    attempt.channel.send({ t: "speak", from: 0 });
    await attempt.heard((word) => word.t === "chunk" && word.chunk.start === 20);
    say({ heard: 20 });
    say({ ended: (await attempt.ended).code });
  });
}
