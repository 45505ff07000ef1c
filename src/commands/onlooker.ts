import { setTimeout as pause } from "node:timers/promises";
import { createBeacons } from "../adapters/chain/beacons.ts";
import { createDialer } from "../adapters/http2/dialer.ts";
import { verify } from "../adapters/keys/session.ts";
import { systemClock as clock } from "../adapters/system/clock.ts";
import type { ModelId } from "../domain/ids.ts";
import type { Market712 } from "../domain/verification/statement.ts";
import type { Log } from "../ports.ts";
import { HoldfastError } from "../protocol/errors.ts";
import type { AuditPorts } from "../roles/auditor/audit.ts";
import { readTolerances } from "./calibration.ts";
import { join } from "./join.ts";
import type { Settings } from "./settings.ts";

/** Time in which offers reach one who has just joined, ms: it asks its first peer for all that it knows. */
const offersMsMax = 20_000;
const quietMs = 1_500;

/**
 * Joins the network of a receipt for one command, and waits until no more offers of its model come. Throws HoldfastError
 * `other-market` (fault user), `no-providers` (fault environment), or what `join` throws.
 */
export async function lookOn(
  settings: Settings,
  log: Log,
  { market, model }: { readonly market: Market712; readonly model: ModelId },
): Promise<{ readonly ports: AuditPorts; close(): Promise<void> }> {
  const { network, node, address, close } = await join(settings, log, settings.listen);
  if (network.chainId !== market.chainId || network.bonds.toLowerCase() !== market.bonds.toLowerCase()) {
    await close();
    throw new HoldfastError("The receipt is of another network than the one joined.", {
      ...{ code: "other-market", fault: "user", facts: { chain: market.chainId, bonds: market.bonds } },
    });
  }
  const dialer = createDialer({ clock, log }, { relay: node.relay });
  const known = () => node.offers().filter(({ models }) => models.some(({ id }) => id === model)).length;
  for (let waited = 0, before = -1; waited < offersMsMax; waited += quietMs) {
    if (before > 0 && known() === before) break;
    before = known();
    await pause(quietMs);
  }
  const beacons = createBeacons({ log }, { ...network, mines: settings.local === true });
  const rules = { market: network, tolerances: await readTolerances(settings.home, address), verify };
  return {
    ports: { dialer, beacons, clock, log, rules, market: node },
    async close() {
      await dialer.close();
      await close();
    },
  };
}
