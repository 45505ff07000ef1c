import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root, startCommand } from "./command.ts";
import type { LiveNetwork } from "./live-network.ts";

/** A gateway beside a live network's own: it can be killed without the network ending, and started again on its disk. */
export interface LoneGateway {
  /** Ends in `/v1`. */
  readonly url: string;
  signal(signal: "SIGKILL" | "SIGTERM"): void;
  /** Resolves when the process has ended, to its exit code; null after a kill. */
  readonly ended: Promise<number | null>;
  /** Everything it logged, as JSON lines. */
  log(): string;
}

export interface LoneGatewayOptions {
  readonly home: string;
  readonly rpc: readonly string[];
  /** Multiaddrs; none: it has to find the others by what is on its disk. */
  readonly bootstrap: readonly string[];
}

const main = process.env["HOLDFAST_MAIN"] ?? join(root, "src/main.ts");

export async function startLoneGateway({ home, rpc, bootstrap }: LoneGatewayOptions): Promise<LoneGateway> {
  const flags = [...rpc.flatMap((url) => ["--rpc", url]), ...bootstrap.flatMap((at) => ["--bootstrap", at])];
  const command = startCommand(process.execPath, [
    ...[main, "gateway", "--json", "--local", "--home", home, "--listen", "127.0.0.1", "--port", "0"],
    ...flags,
  ]);
  const { url } = JSON.parse(await command.line()) as { url: string };
  return {
    url,
    signal: (signal) => void command.child.kill(signal),
    ended: command.finished.then(({ code }) => code),
    log: command.stderr,
  };
}

/** A live network's chain, and what a stranger needs to join. */
export interface WayIn extends Pick<LoneGatewayOptions, "rpc" | "bootstrap"> {
  readonly chainPid: number;
  readonly bonds: string;
  readonly models: string;
}

export function wayInto(network: LiveNetwork): WayIn {
  const { chain } = JSON.parse(readFileSync(join(network.home, "run.json"), "utf8")) as {
    chain: { pid: number; rpc: string[]; bonds: string; models: string };
  };
  const args = readFileSync(`/proc/${network.gatewayPid}/cmdline`, "latin1").split("\0");
  const bootstrap = args.filter((_, at) => args[at - 1] === "--bootstrap");
  return { ...chain, bootstrap, chainPid: chain.pid };
}
