import { type ChildProcess, type SpawnOptions, spawn as spawnProcess } from "node:child_process";
import { createServer } from "node:net";
import { gunzipSync } from "node:zlib";
import { createTestClient, hexToBytes, http, publicActions } from "viem";
import type { Log } from "../../ports.ts";
import { HoldfastError } from "../../protocol/errors.ts";
import { anvilBinary } from "./anvil-binary.ts";
import { prunedState } from "./anvil-blocks.ts";
import { chainStateFiles, loadableState, writeState } from "./anvil-state.ts";
import { failureText } from "./chain-error.ts";
import { startStateSaver } from "./state-saver.ts";

export interface AnvilOptions {
  /** The network's home; the chain's state is kept in its folder `chain`. */
  readonly home: string;
  /** Port on 127.0.0.1; 0 takes a free one. */
  readonly port: number;
  readonly chainId?: number;
  readonly log: Log;
  /** Starts the process; a caller that wants the child to inherit more descriptors adds them to `stdio`. */
  readonly spawn?: (file: string, args: readonly string[], options: SpawnOptions) => ChildProcess;
  /** How often a changed chain is written to disk, ms: what a kill of everything at once can lose. */
  readonly saveMs?: number;
}

export interface Anvil {
  readonly rpc: string;
  readonly chainId: number;
  readonly pid: number;
  /** Anvil itself, not a wrapper: a signal to it reaches the chain. It leads a session of its own. */
  readonly child: ChildProcess;
  /** Writes the chain's state to disk now. */
  save(): Promise<void>;
  /** Saves, then ends the process. */
  stop(): Promise<void>;
}

export const devChainId = 31337;

/** Time between two blocks that nobody waits for, seconds: an epoch in five hours, 34 in the time a stake takes to thaw. */
const idleBlockSeconds = 60;
/** Time a chain has to answer its first call, ms. It takes 0.2 s on a quiet machine. */
const startMsMax = 15_000;
/** Time the last save may take, ms; a chain that was stopped answers nothing. */
const saveMsMax = 500;
/** Time it has to end after SIGTERM, ms. */
const stopMsMax = 800;
/** One call to it, ms. */
const callMsMax = 5_000;

/**
 * Starts a development chain that is found again: its state is asked from it whenever a block was mined, and replaced
 * on disk whole or not at all. Anvil's own state file is not used, since a kill while it writes loses the chain.
 *
 * Throws HoldfastError (fault environment): `port-busy`, `anvil-missing`, `chain-state-corrupt`, `chain-start-failed`.
 */
export async function startAnvil(options: AnvilOptions): Promise<Anvil> {
  const chainId = options.chainId ?? devChainId;
  const files = chainStateFiles(options.home);
  const state = loadableState(files, options.log);
  const port = await freePort(options.port);
  const child = (options.spawn ?? spawnProcess)(anvilBinary(), anvilArgs(port, chainId, state), {
    detached: true,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const rpc = `http://127.0.0.1:${port}`;
  const client = connect(rpc, callMsMax);
  await untilReady(child, rpc, chainId);
  const source = {
    blockNumber: () => client.getBlockNumber({ cacheTime: 0 }),
    state: async () => gunzipSync(hexToBytes(await client.dumpState())),
  };
  const saver = startStateSaver(source, {
    write: (json) => writeState(files, prunedState(json)),
    everyMs: options.saveMs ?? 250,
    log: options.log,
  });
  let stopping = false;
  child.once("exit", (code, signal) => {
    saver.close();
    if (!stopping) options.log.warn("chain.stopped", { rpc, how: signal ?? `exit code ${code}` });
  });
  return {
    rpc,
    chainId,
    pid: child.pid as number,
    child,
    save: saver.save,
    async stop() {
      stopping = true;
      if (isRunning(child)) await atMost(saveMsMax, saver.save());
      saver.close();
      await end(child);
    },
  };
}

function connect(rpc: string, timeout: number) {
  return createTestClient({ mode: "anvil", transport: http(rpc, { timeout, retryCount: 0 }) }).extend(
    publicActions,
  );
}

function anvilArgs(port: number, chainId: number, state: string | undefined): string[] {
  const args = [
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    "--chain-id",
    String(chainId),
    "--quiet",
    "--no-cors",
  ];
  // Old states are needed by nobody, since weights are checkpointed in storage; without a bound they fill memory.
  args.push("--prune-history", "64");
  // Blocks come by themselves too, so that epochs pass, but seldom: anvil keeps all of them in memory, and takes longer
  // for each. Whoever waits for one has it made (`mines` of the beacons).
  args.push("--block-time", String(idleBlockSeconds), "--mixed-mining");
  if (state !== undefined) args.push("--load-state", state);
  return args;
}

async function untilReady(child: ChildProcess, rpc: string, chainId: number): Promise<void> {
  let said = "";
  let failure: Error | undefined;
  child.stderr?.on("data", (data) => {
    if (said.length < 4096) said += data;
  });
  child.once("error", (error) => {
    failure = error;
  });
  const probe = connect(rpc, 500);
  for (let waited = 0; waited < startMsMax; waited += 25) {
    const answered = await probe.getChainId().catch(() => undefined);
    if (!isRunning(child) || failure !== undefined) throw notStarted(said, rpc, failure);
    if (answered === chainId) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  await end(child);
  throw notStarted("it did not answer in time", rpc);
}

function notStarted(said: string, rpc: string, cause?: unknown): HoldfastError {
  if (/address already in use/i.test(said)) return portBusy(Number(new URL(rpc).port));
  return new HoldfastError("The local chain did not start.", {
    code: "chain-start-failed",
    fault: "environment",
    remedy: "Its own words, named above, tell why; `holdfast doctor` looks at the machine.",
    facts: { rpc, anvil: said.trim().slice(0, 500) || failureText(cause) },
    cause,
  });
}

function portBusy(port: number): HoldfastError {
  return new HoldfastError(`Port ${port}, meant for the local chain, is in use.`, {
    code: "port-busy",
    fault: "environment",
    remedy: "End the program that listens there, or name another port.",
    facts: { port },
  });
}

/** Resolves to `port`, or to a free one for 0. */
function freePort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", () => reject(portBusy(port)));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      const taken = (server.address() as { port: number }).port;
      server.close(() => resolve(taken));
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
  // SIGKILL also ends one that was stopped, which no other signal does.
  const late = setTimeout(() => child.kill("SIGKILL"), stopMsMax);
  await gone;
  clearTimeout(late);
}

/** Waits for `work`, but no longer than `ms`, and never throws. */
async function atMost(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => {}), late]);
  clearTimeout(timer);
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}
