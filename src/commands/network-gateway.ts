import { join as joinPath } from "node:path";
import { openReceipts } from "../adapters/disk/receipts.ts";
import { serveHttp } from "../adapters/http/server.ts";
import { createDialer } from "../adapters/http2/dialer.ts";
import { verify } from "../adapters/keys/session.ts";
import { systemClock as clock } from "../adapters/system/clock.ts";
import { systemRandom as random } from "../adapters/system/random.ts";
import type { Log } from "../ports.ts";
import { limits } from "../protocol/limits.ts";
import { createFace } from "../roles/gateway/face.ts";
import { withFallbacks } from "../roles/gateway/fallback.ts";
import { createNetworkBackend } from "../roles/gateway/network/backend.ts";
import { readTolerances } from "./calibration.ts";
import { defaultPort } from "./defaults.ts";
import { join } from "./join.ts";
import type { Settings } from "./settings.ts";

/** The gateway over the open network. */
export async function startNetworkGateway(ports: { readonly log: Log }, settings: Settings) {
  const { log } = ports;
  const { chain, network, node, ...member } = await join(settings, log, settings.listen);
  const dialer = createDialer({ clock, log }, { relay: node.relay });
  const receipts = openReceipts({ log }, joinPath(settings.home, "receipts"));
  const backend = createNetworkBackend(
    {
      ...{ market: node, dialer, chain, verify, clock, random, log, receipts },
      proofs: { market: network, tolerances: await readTolerances(settings.home, member.address) },
    },
    {
      defaults: {
        finality: settings.finality ?? "stream",
        witnesses: settings.witnesses ?? limits.witnessesDefault,
        holdMs: settings.holdMs ?? limits.holdMsDefault,
      },
      deadlineMs: settings.deadlineMs ?? limits.deadlineMsDefault,
    },
  );
  const { host, hostsAllowed } = settings;
  // The rest of an address may hold a key, and whoever may ask for answers may ask for this.
  const rpcHosts = network.rpcs.map((rpc) => new URL(rpc).host);
  const server = await serveHttp(
    { log },
    {
      port: settings.port ?? defaultPort,
      ...(host === undefined ? {} : { host }),
      ...(hostsAllowed === undefined ? {} : { hostsAllowed }),
    },
    createFace(withFallbacks({ clock }, backend, settings.fallbacks ?? {}), {
      receipts,
      status: () => ({
        peer: node.peer,
        peers: node.peers().length,
        chain: { id: network.chainId, rpc: rpcHosts, freshAt: chain.freshAt() ?? null },
      }),
    }),
  );
  return {
    url: server.url,
    peer: node.peer,
    async close() {
      await Promise.all([backend.close(), server.close(), member.close()]);
      await receipts.close();
    },
  };
}
