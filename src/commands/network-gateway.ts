import { join as joinPath } from "node:path";
import { createBeacons } from "../adapters/chain/beacons.ts";
import { openReceipts } from "../adapters/disk/receipts.ts";
import { serveHttp } from "../adapters/http/server.ts";
import { createDialer } from "../adapters/http2/dialer.ts";
import { verify } from "../adapters/keys/session.ts";
import { systemClock as clock } from "../adapters/system/clock.ts";
import { systemRandom as random } from "../adapters/system/random.ts";
import { auditRules } from "../domain/verification/audit.ts";
import type { Log } from "../ports.ts";
import { limits } from "../protocol/limits.ts";
import { startAudits } from "../roles/auditor/audits.ts";
import { keepAudited } from "../roles/gateway/audits/audited.ts";
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
  const share = settings.auditPercent === undefined ? auditRules.share : settings.auditPercent / 100;
  const unwatched =
    share > 0
      ? openReceipts({ log }, joinPath(settings.home, "unwatched"), { ...limits.sealedRoom, flush: true })
      : undefined;
  const tolerances = await readTolerances(settings.home, member.address);
  const evidence = openReceipts({ log }, joinPath(settings.home, "evidence"));
  const beacons = createBeacons({ log }, { ...network, mines: settings.local === true });
  const backend = createNetworkBackend(
    {
      ...{ market: node, dialer, chain, verify, clock, random, log, receipts },
      ...{ evidence, ...(unwatched && { unwatched }) },
      ...{ proofs: { market: network, tolerances }, beacons },
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
  const rules = { market: network, tolerances, verify };
  const auditing = { market: node, dialer, clock, log, rules, beacons };
  const found = keepAudited({ receipts, evidence, condemn: backend.condemn });
  const audits = unwatched && startAudits({ ...auditing, unwatched, found }, { share });
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
      // An audit may wait for the chain for longer than there is; who asked for an answer is told of the end meanwhile.
      await Promise.all([audits?.close(), backend.close(), server.close(), member.close()]);
      await Promise.all([receipts.close(), unwatched?.close(), evidence.close()]);
    },
  };
}
