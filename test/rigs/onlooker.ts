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

/** Runs a command as one that joins the network for it, while blocks come: an epoch of them whenever it waits for one. */
export async function lookOn(network: LiveNetwork, args: readonly string[]): Promise<Finished> {
  const given = readFileSync(`/proc/${network.gatewayPid}/cmdline`, "utf8").split("\0");
  const flags = given.flatMap((arg, at) => (/^--(bootstrap|rpc)$/.test(arg) ? [arg, given[at + 1]!] : []));
  const home = join(network.home, "onlooker");
  const command = startCommand(process.execPath, [
    join(root, "src/main.ts"),
    ...args,
    "--home",
    home,
    "--local",
    ...flags,
  ]);
  let over = false;
  void command.finished.then(() => {
    over = true;
  });
  for (let told = false; !over; ) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const waits: boolean = !told && /draws; the chain is at/.test(command.stderr());
    told ||= waits;
    await mine(network, waits ? 301 : 1).catch(() => {});
  }
  return command.finished;
}
