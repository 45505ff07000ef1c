import { isAlive } from "../adapters/process/process-start.ts";
import type { Config } from "../protocol/config.ts";
import { HoldfastError } from "../protocol/errors.ts";
import { readRun } from "./run-file.ts";

/** Nodes to meet first: several, so that none of them is needed. */
const bootstrapsMax = 8;

/**
 * Everything that a node is told of the network that `holdfast up` runs out of a folder, so that it can join it. Throws
 * HoldfastError `nothing-here` (fault user) when none runs there.
 */
export function runningNetwork(home: string): Config {
  const run = readRun(home);
  const { up, chain, gateway, providers = [] } = run ?? {};
  if (up === undefined || chain === undefined || !isAlive(up.pid, up.start))
    throw new HoldfastError("No network runs out of this folder.", {
      ...{ code: "nothing-here", fault: "user", facts: { network: home } },
      remedy: `Start one with \`holdfast up --home ${home}\`, or name the chain and its contracts instead.`,
    });
  const bootstrap = [gateway, ...providers].flatMap((one) => one?.multiaddr ?? []).slice(0, bootstrapsMax);
  const { id: chainId, rpc, bonds, models } = chain;
  return { local: true, listen: "127.0.0.1", rpc, chainId, bonds, models, bootstrap };
}
