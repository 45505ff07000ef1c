import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Finished, root, startCommand } from "./command.ts";
import type { LiveNetwork } from "./live-network.ts";

export function rpcsOf({ home }: Pick<LiveNetwork, "home">): string[] {
  return JSON.parse(readFileSync(join(home, "run.json"), "utf8")).chain.rpc;
}

/** The network's chain makes so many blocks at once. */
export async function mine({ home }: LiveNetwork, blocks: number): Promise<void> {
  const [rpc = ""] = rpcsOf({ home });
  const call = { jsonrpc: "2.0", id: 1, method: "anvil_mine", params: [`0x${blocks.toString(16)}`] };
  const headers = { "content-type": "application/json" };
  await fetch(rpc, { method: "POST", headers, body: JSON.stringify(call) });
}

/** Runs a command as one that joins the network for it; the chain makes the blocks it waits for. */
export function lookOn(network: LiveNetwork, args: readonly string[]): Promise<Finished> {
  const own = ["--home", join(network.home, "onlooker"), "--network", network.home];
  return startCommand(process.execPath, [join(root, "src/main.ts"), ...args, ...own]).finished;
}
