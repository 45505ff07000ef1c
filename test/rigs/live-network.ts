import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive } from "../../src/adapters/process/process-start.ts";
import type { CheatName } from "../adversaries/cheats.ts";
import { cleanEnvironment, type RunningCommand, root, startCommand } from "./command.ts";
import { until } from "./until.ts";

/** A network as `holdfast up` runs it, whose providers can be killed, stopped and brought back. */
export interface LiveNetwork {
  /** Ends in `/v1`. */
  readonly url: string;
  readonly home: string;
  readonly gatewayPid: number;
  providers(): readonly LiveProvider[];
  provider(peer: string): LiveProvider;
  /** What the gateway knows: every peer, and whether it would be asked first. */
  known(): Promise<ReadonlyArray<{ peer: string; alive: boolean }>>;
  stop(): Promise<void>;
}

export interface LiveProvider {
  readonly peer: string;
  pid(): number;
  signal(signal: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void;
  /**
   * Starts it again with the arguments it had, on what is left on its disk; resolves when it serves. With a cheat, it
   * is the same provider over an engine that is bent in that way. `without`: flags it is not given this time;
   * `added`: arguments it is given as well.
   */
  revive(cheat?: CheatName, without?: readonly string[], added?: readonly string[]): Promise<void>;
}

interface Run {
  readonly gateway: { readonly pid: number; readonly url: string };
  readonly providers: ReadonlyArray<{ readonly peer: string; readonly pid: number; readonly start: string }>;
}

export async function startLiveNetwork(options: {
  nodes: number;
  args?: readonly string[];
}): Promise<LiveNetwork> {
  const home = mkdtempSync(join(tmpdir(), "holdfast-live-"));
  const args = [
    "up",
    "--nodes",
    String(options.nodes),
    "--port",
    "0",
    "--home",
    home,
    "--json",
    ...(options.args ?? []),
  ];
  const command: RunningCommand = startCommand(process.execPath, [main, ...args]);
  const revived = new Set<ChildProcess>();
  const stop = async () => {
    for (const child of revived) child.kill("SIGKILL");
    command.child.kill("SIGINT");
    await command.finished;
    rmSync(home, { recursive: true, force: true });
  };
  const run = await allStarted(command, home, options.nodes).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const { url, pid: gatewayPid } = run.gateway;
  const providers = run.providers.map((provider) => liveProvider(provider, revived));
  return {
    ...{ url, home, gatewayPid, stop },
    providers: () => providers,
    provider: (peer) => providers.find((provider) => provider.peer === peer)!,
    async known() {
      const status = (await (await fetch(new URL("/holdfast/status", url))).json()) as {
        providers: Array<{ peer: string; alive: boolean }>;
      };
      return status.providers;
    },
  };
}

async function allStarted(command: RunningCommand, home: string, nodes: number): Promise<Run> {
  await command.line();
  const run = JSON.parse(readFileSync(join(home, "run.json"), "utf8")) as Run;
  if (run.providers.length >= nodes) return run;
  throw new Error(`only ${run.providers.length} of ${nodes} providers started:\n${command.stderr()}`);
}

/** As `npm start` runs it: the bundle that the bootstrap made, or the sources when tests are run without it. */
const main = process.env["HOLDFAST_MAIN"] ?? join(root, "src/main.ts");
const cheater = join(root, "test/adversaries/provider.ts");

function liveProvider(
  { peer, pid, start }: Run["providers"][number],
  revived: Set<ChildProcess>,
): LiveProvider {
  let current = pid;
  const [file = "", ...args] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  // Comes back as it was started, with the memory it was given.
  const variables = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  const tunables = "GLIBC_TUNABLES=";
  const memory = variables.find((each) => each.startsWith(tunables))?.slice(tunables.length);
  return {
    peer,
    pid: () => current,
    signal: (signal) => process.kill(current, signal),
    async revive(cheat, without = [], added = []) {
      await until(
        () => !isAlive(current, current === pid ? start : undefined),
        5_000,
        "the killed provider is gone",
      );
      const kept = args.filter((arg, at) => !without.includes(arg) && !without.includes(args[at - 1] ?? ""));
      const begin = cheat === undefined ? kept : kept.map((arg) => (arg === main ? cheater : arg));
      const child = spawn(file, [...begin, ...added], {
        env: cleanEnvironment({
          ...(memory === undefined ? {} : { GLIBC_TUNABLES: memory }),
          ...(cheat === undefined ? {} : { TEST_CHEAT: cheat }),
        }),
        stdio: ["ignore", "pipe", "inherit"],
      });
      revived.add(child);
      child.once("exit", () => revived.delete(child));
      await new Promise<void>((resolve, reject) => {
        child.stdout?.once("data", () => resolve());
        child.once("exit", (code) => reject(new Error(`the provider ended with ${code} instead of serving`)));
      });
      current = child.pid!;
    },
  };
}
