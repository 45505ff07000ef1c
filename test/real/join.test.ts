import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Abi, createTestClient, erc20Abi, http, parseEther } from "viem";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { openAccount } from "../../src/adapters/chain/account.ts";
import { type Anvil, startAnvil } from "../../src/adapters/chain/anvil.ts";
import { type Contracts, devPayerKey, ensureContracts } from "../../src/adapters/chain/deploy.ts";
import { addressOf, loadNodeKey, peerIdOf } from "../../src/adapters/keys/node-key.ts";
import { freePorts } from "../../src/adapters/process/free-ports.ts";
import type { Address } from "../../src/domain/ids.ts";
import { type RunningCommand, root, startCommand } from "../rigs/command.ts";
import { createLogRig } from "../rigs/ports.ts";
import { streamChat } from "../rigs/stream.ts";
import { until } from "../rigs/until.ts";

/**
 * A network nobody started as a whole: a chain with its contracts, and strangers who join it one at a time with the
 * commands and the defaults meant for the open network, each with a purse of its own.
 */

const folder = mkdtempSync(join(tmpdir(), "holdfast-join-"));
const commands: RunningCommand[] = [];
let chain: Anvil;
let contracts: Contracts;

beforeAll(async () => {
  chain = await startAnvil({ home: join(folder, "chain"), port: 0, log: createLogRig() });
  contracts = await ensureContracts({ rpc: chain.rpc });
});
afterEach(async () => {
  for (const { child } of commands) child.kill("SIGINT");
  await Promise.all(commands.splice(0).map(({ finished }) => finished));
});
afterAll(async () => {
  await chain.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What everybody who joins must be told. */
function network(): string[] {
  const { chainId, bonds, models } = contracts;
  return ["--rpc", chain.rpc, "--chain-id", String(chainId), "--bonds", bonds, "--models", models];
}

function start(...args: string[]): RunningCommand {
  const command = startCommand(process.execPath, [join(root, "src/main.ts"), ...args]);
  commands.push(command);
  return command;
}

/** Gas, and one coin of the stake's token. */
async function endow(address: Address): Promise<void> {
  const faucet = createTestClient({ mode: "anvil", transport: http(chain.rpc) });
  await faucet.setBalance({ address, value: parseEther("1") });
  const transfer = { address: contracts.hold, abi: erc20Abi as Abi, functionName: "transfer" };
  await openAccount([chain.rpc], devPayerKey).call({ ...transfer, args: [address, parseEther("1")] });
}

/** A provider that pays for its own bond; resolves to where others can meet it. */
async function provider(name: string, ...more: string[]): Promise<{ peer: string; multiaddr: string }> {
  const home = join(folder, name);
  const key = loadNodeKey(home);
  await endow(addressOf(key));
  const [port = 0] = await freePorts(1, []);
  const stake = String(parseEther("1"));
  const own = ["--home", home, "--listen", "127.0.0.1", "--peer-port", String(port), "--operator", name];
  await start(
    "provider",
    "--json",
    "--engine",
    "synthetic",
    "--stake",
    stake,
    ...own,
    ...network(),
    ...more,
  ).line();
  const peer = peerIdOf(key);
  return { peer, multiaddr: `/ip4/127.0.0.1/tcp/${port}/p2p/${peer}` };
}

test("strangers who know the chain and one peer make a network that answers, and goes on when the first is gone", async () => {
  const first = await provider("first");
  const second = await provider("second", "--bootstrap", first.multiaddr);
  const third = await provider("third", "--bootstrap", second.multiaddr);
  const gateway = ["gateway", "--json", "--home", join(folder, "gateway"), "--port", "0"];
  const { url } = JSON.parse(await start(...gateway, ...network(), "--bootstrap", first.multiaddr).line());
  const known = async () => {
    const status = await (await fetch(new URL("/holdfast/status", url))).json();
    return (status as { providers: Array<{ peer: string; stake: string }> }).providers;
  };
  await until(async () => (await known()).length === 3, 60_000, "all three are known");
  expect((await known()).map(({ peer }) => peer).sort()).toEqual(
    [first.peer, second.peer, third.peer].sort(),
  );
  await until(
    async () => (await known()).every(({ stake }) => BigInt(stake) > 0n),
    60_000,
    "all bonds are known",
  );
  const ask = () =>
    streamChat(url, {
      model: "synthetic-load-test",
      messages: [{ role: "user", content: "Who is there?" }],
      max_tokens: 24,
      holdfast: { witnesses: 2 },
    });
  expect(await ask()).toMatchObject({ done: true, error: undefined, end: { verdict: "valid" } });
  commands[0]!.child.kill("SIGKILL");
  const after = await ask();
  expect(after).toMatchObject({ done: true, error: undefined, end: { verdict: "valid" } });
  expect(after.end?.witnesses).not.toContain(first.peer);
});
