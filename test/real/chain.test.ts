import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createTestClient, http, publicActions } from "viem";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Anvil, devChainId, startAnvil } from "../../src/adapters/chain/anvil.ts";
import { createChainReader } from "../../src/adapters/chain/client.ts";
import {
  type Contracts,
  contractAddresses,
  devPayerKey,
  ensureContracts,
} from "../../src/adapters/chain/deploy.ts";
import { ensureBond } from "../../src/adapters/chain/operator.ts";
import { ensureModel } from "../../src/adapters/chain/registrant.ts";
import { addressOf, makeNodeKey } from "../../src/adapters/keys/node-key.ts";
import { openStore } from "../../src/adapters/sqlite/store.ts";
import { systemClock as clock } from "../../src/adapters/system/clock.ts";
import type { ModelId } from "../../src/domain/ids.ts";
import type { Log } from "../../src/ports.ts";
import { until } from "../rigs/until.ts";

const stake = 100n * 10n ** 18n;
const model = `sha256:${"5a".repeat(32)}` as ModelId;

const folder = mkdtempSync(join(tmpdir(), "holdfast-chain-"));
const closers: Array<() => unknown> = [];
let chain: Anvil;
let contracts: Contracts;

beforeAll(async () => {
  chain = await startAnvil({ home: join(folder, "shared"), port: 0, log: silent() });
  contracts = await ensureContracts({ rpc: chain.rpc });
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(async () => {
  await chain.stop();
  rmSync(folder, { recursive: true, force: true });
});

const register = (model: string) =>
  ensureModel({
    rpcs: [chain.rpc],
    models: contracts.models,
    payerKey: devPayerKey,
    model: model as ModelId,
  });

// ---------------------------------------------------------------- deployment and bonds

test("a second deployment sends nothing and finds the same contracts", async () => {
  expect(contracts).toEqual({ chainId: devChainId, ...contractAddresses() });
  const before = await blockNumber(chain.rpc);
  expect(await ensureContracts({ rpc: chain.rpc })).toEqual(contracts);
  expect(await blockNumber(chain.rpc)).toBe(before);
});

test("five nodes of one payer bond at once without a coin of their own, and bonding again sends nothing", async () => {
  const keys = Array.from({ length: 5 }, makeNodeKey);
  const bondAll = () => Promise.all(keys.map((key) => bond(chain, key)));
  for (const one of await bondAll())
    expect(one).toMatchObject({ operator: addressOf(devPayerKey), stake, changed: true });
  const before = await blockNumber(chain.rpc);
  for (const one of await bondAll()) expect(one).toMatchObject({ stake, changed: false });
  expect(await blockNumber(chain.rpc)).toBe(before);
});

test("five nodes of one model register it at once: one of them does, and all have what they wanted", async () => {
  for (const byte of ["c0", "c1", "c2", "c3", "c4"]) {
    // A little after one another, so that some try it on a state that is gone when they send it.
    const tries = [0, 15, 30, 45, 60].map((ms) => sleep(ms, `sha256:${byte.repeat(32)}`).then(register));
    expect((await Promise.all(tries)).filter((did) => did)).toHaveLength(1);
  }
});

test("a stake that was raised is topped up, and another's node is refused with the reason", async () => {
  const key = makeNodeKey();
  await bond(chain, key);
  expect(await bond(chain, key, 2n * stake)).toMatchObject({ stake: 2n * stake, changed: true });
  const options = { rpcs: [chain.rpc], key, bonds: contracts.bonds, stake: 3n * stake };
  await expect(ensureBond(options)).rejects.toMatchObject({ code: "bond-of-another", fault: "user" });
  const poor = { ...options, key: makeNodeKey() };
  await expect(ensureBond(poor)).rejects.toMatchObject({ code: "payer-without-stake", fault: "user" });
  const nowhere = { ...options, rpcs: ["http://127.0.0.1:9/key-in-the-path"] };
  const error = await ensureBond(nowhere).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: "chain-unreachable", fault: "environment", retryable: true });
  expect(`${error.explain()} ${error.cause}`).not.toContain("key-in-the-path");
});

// ---------------------------------------------------------------- the reader

test("a reader learns bonds and models soon after they are asked for", async () => {
  const key = makeNodeKey();
  await bond(chain, key);
  await register(model);
  expect(await register(model)).toBe(false);
  const { reader } = read([chain.rpc]);
  expect([reader.stakeOf(addressOf(key)), reader.isRegistered(model), reader.freshAt()]).toEqual([
    0n,
    false,
    undefined,
  ]);
  await reader.refresh();
  expect(reader.stakeOf(addressOf(key))).toBe(stake);
  expect(reader.isRegistered(model)).toBe(true);
  expect(reader.isRegistered(`sha256:${"00".repeat(32)}` as ModelId)).toBe(false);
  expect(reader.freshAt()).toBeGreaterThan(0);
  // Without being asked to read: the question alone brings a reading.
  const other = makeNodeKey();
  await bond(chain, other);
  await until(() => reader.stakeOf(addressOf(other)) === stake, 10_000, "the bond was read");
});

test("one endpoint named twice is one voice, which is believed with a warning", async () => {
  const { events } = read([chain.rpc, chain.rpc]);
  expect(events).toEqual(["warn chain.single-endpoint"]);
});

test("a lying endpoint among three is outvoted and named once", async () => {
  const key = makeNodeKey();
  await bond(chain, key);
  const liar = await proxy(chain.rpc, (method, reply) =>
    method === "eth_call" ? { ...reply, result: String(reply["result"]).replaceAll("0", "1") } : reply,
  );
  const { reader, events } = read([chain.rpc, liar.rpc, (await proxy(chain.rpc)).rpc]);
  reader.stakeOf(addressOf(key));
  reader.isRegistered(model);
  for (let i = 0; i < 3; i++) await reader.refresh();
  expect(reader.stakeOf(addressOf(key))).toBe(stake);
  expect(events.filter((event) => event.startsWith("warn"))).toEqual([
    expect.stringMatching(/silent|outvoted/),
  ]);
});

test("an endpoint that changes one number is outvoted, and two that differ are both disbelieved", async () => {
  const key = makeNodeKey();
  await bond(chain, key);
  const lie = { on: true };
  const liar = await proxy(chain.rpc, (method, reply) => {
    const result = String(reply["result"]);
    return lie.on && method === "eth_call"
      ? { ...reply, result: result.replace(stake.toString(16), "f".repeat(stake.toString(16).length)) }
      : reply;
  });
  const three = read([chain.rpc, liar.rpc, (await proxy(chain.rpc)).rpc]);
  three.reader.stakeOf(addressOf(key));
  await three.reader.refresh();
  await three.reader.refresh();
  expect(three.reader.stakeOf(addressOf(key))).toBe(stake);
  expect(three.events).toContain("warn chain.endpoint-outvoted");

  const two = read([chain.rpc, liar.rpc]);
  two.reader.stakeOf(addressOf(key));
  await two.reader.refresh();
  expect([two.reader.stakeOf(addressOf(key)), two.reader.freshAt()]).toEqual([0n, undefined]);
  expect(two.events).toContain("warn chain.split");
  lie.on = false;
  await two.reader.refresh();
  expect(two.reader.stakeOf(addressOf(key))).toBe(stake);
  expect(two.events).toContain("info chain.fresh");
});

test.each([
  ["invents a future", (head: bigint) => head + 1_000_000n],
  ["stands still at the beginning", () => 0n],
])("an endpoint that %s does not choose the block that is read", async (_, claim) => {
  const key = makeNodeKey();
  await bond(chain, key);
  const liar = await proxy(chain.rpc, (method, reply) =>
    method === "eth_blockNumber"
      ? { ...reply, result: `0x${claim(BigInt(String(reply["result"]))).toString(16)}` }
      : reply,
  );
  const { reader } = read([liar.rpc, chain.rpc, (await proxy(chain.rpc)).rpc]);
  reader.stakeOf(addressOf(key));
  await reader.refresh();
  expect(reader.stakeOf(addressOf(key))).toBe(stake);
});

test("endpoints that are gone, of another chain, or answer without end do not matter while others agree", async () => {
  const key = makeNodeKey();
  await bond(chain, key);
  const otherChain = await proxy(chain.rpc, (method, reply) =>
    method === "eth_chainId" ? { ...reply, result: "0x1" } : reply,
  );
  const endless = await proxy(chain.rpc, (_, reply) => ({ ...reply, result: "0x".padEnd(3_000_000, "0") }));
  const rpcs = ["http://127.0.0.1:9", otherChain.rpc, endless.rpc, chain.rpc, (await proxy(chain.rpc)).rpc];
  const { reader, events } = read(rpcs);
  reader.stakeOf(addressOf(key));
  await reader.refresh();
  await reader.refresh();
  expect(reader.stakeOf(addressOf(key))).toBe(stake);
  expect(events.filter((event) => event.startsWith("warn")).sort()).toEqual([
    "warn chain.endpoint-silent",
    "warn chain.endpoint-silent",
    "warn chain.endpoint-wrong-chain",
  ]);
});

test("useless endpoint addresses are refused without being repeated", () => {
  for (const rpcs of [[], ["ftp://x"], ["not an address with a key"]]) {
    const options = { rpcs, chainId: devChainId, bonds: contracts.bonds, models: contracts.models };
    expect(() => createChainReader({ clock, log: silent() }, options)).toThrow(
      expect.objectContaining({
        code: "bad-rpc",
        fault: "user",
        message: expect.not.stringContaining("key"),
      }),
    );
  }
});

// ---------------------------------------------------------------- a chain that dies

test("a chain killed with SIGKILL is found again where it was, and readers outlast the time between", async () => {
  const home = join(folder, "killed");
  const key = makeNodeKey();
  const first = await start(home);
  await ensureContracts({ rpc: first.rpc });
  await bond(first, key);
  const { reader, events } = read([first.rpc, (await proxy(first.rpc)).rpc]);
  reader.stakeOf(addressOf(key));
  await reader.refresh();
  const seen = await blockNumber(first.rpc);
  await until(() => savedBlock(home) === seen, 10_000, "the block was saved");

  first.child.kill("SIGKILL");
  await until(() => first.child.signalCode !== null, 10_000, "the chain was gone");
  const freshAt = reader.freshAt();
  for (let i = 0; i < 3; i++) await reader.refresh();
  expect([reader.stakeOf(addressOf(key)), reader.freshAt()]).toEqual([stake, freshAt]);
  expect(events.filter((event) => event === "warn chain.away")).toHaveLength(1);

  const second = await start(home, Number(new URL(first.rpc).port));
  expect(await blockNumber(second.rpc)).toBe(seen);
  expect(await ensureContracts({ rpc: second.rpc })).toEqual(contracts);
  expect(await bond(second, key)).toMatchObject({ stake, changed: false });
  expect(await blockNumber(second.rpc)).toBe(seen);
  await reader.refresh();
  expect(reader.freshAt()).toBeGreaterThan(freshAt as number);
  // Its events are still there for who comes later.
  const logs = await client(second.rpc).getLogs({ address: contracts.bonds, fromBlock: 0n });
  expect(logs.length).toBeGreaterThan(0);
});

test("a chain that is stopped in order has lost nothing, and neither has one whose last state was damaged", async () => {
  const home = join(folder, "stopped");
  const first = await start(home);
  await ensureContracts({ rpc: first.rpc });
  await first.save();
  await bond(first, makeNodeKey());
  const seen = await blockNumber(first.rpc);
  await first.stop();
  expect(readdirSync(join(home, "chain")).sort()).toEqual(["state.json", "state.previous.json"]);
  truncateSync(join(home, "chain", "state.json"), 1000);
  const events: string[] = [];
  const second = await start(home, 0, recorder(events));
  expect(events).toContain("warn chain.state-damaged");
  const found = await blockNumber(second.rpc);
  expect(found).toBeGreaterThan(0n);
  expect(found).toBeLessThanOrEqual(seen);
  expect(await ensureContracts({ rpc: second.rpc })).toEqual(contracts);
  await second.stop();

  for (const file of readdirSync(join(home, "chain"))) writeFileSync(join(home, "chain", file), "{");
  await expect(start(home)).rejects.toMatchObject({ code: "chain-state-corrupt", fault: "environment" });
});

test("a chain that hangs is ended all the same", async () => {
  const anvil = await start(join(folder, "frozen"));
  anvil.child.kill("SIGSTOP");
  await anvil.stop();
  expect(anvil.child.signalCode).toBe("SIGKILL");
});

test("a busy port is an error of the environment that names the port", async () => {
  const port = Number(new URL(chain.rpc).port);
  await expect(start(join(folder, "busy"), port)).rejects.toMatchObject({
    code: "port-busy",
    fault: "environment",
    facts: { port },
  });
  expect(existsSync(join(folder, "busy", "chain"))).toBe(false);
});

test("what a reader knew is known again after a restart, though the chain is away", async () => {
  const key = makeNodeKey();
  await bond(chain, key);
  const path = join(folder, "gateway.sqlite");
  const relay = await proxy(chain.rpc);
  const store = openStore({ path });
  const before = read([relay.rpc], store).reader;
  before.stakeOf(addressOf(key));
  await before.refresh();
  before.close();
  store.close();
  await relay.close();

  const again = openStore({ path });
  closers.push(() => again.close());
  const { reader } = read([relay.rpc], again);
  expect(reader.stakeOf(addressOf(key))).toBe(stake);
  expect(reader.freshAt()).toBe(before.freshAt());
});

// ---------------------------------------------------------------- rig

function bond(anvil: Anvil, key: Uint8Array, amount = stake) {
  return ensureBond({ rpcs: [anvil.rpc], key, bonds: contracts.bonds, payerKey: devPayerKey, stake: amount });
}

async function start(home: string, port = 0, log = silent()): Promise<Anvil> {
  const anvil = await startAnvil({ home, port, log });
  closers.push(() => anvil.stop());
  return anvil;
}

/** A reader that reads when told to, or when something new is asked for. */
function read(rpcs: string[], store?: ReturnType<typeof openStore>) {
  const events: string[] = [];
  const options = {
    rpcs,
    chainId: devChainId,
    bonds: contracts.bonds,
    models: contracts.models,
    pollMs: 60_000,
  };
  const reader = createChainReader({ clock, log: recorder(events), ...(store && { store }) }, options);
  closers.push(() => reader.close());
  return { reader, events };
}

type Reply = Record<string, unknown>;

/** An endpoint in front of a real chain whose answers can be changed on their way: a liar, or a second honest voice. */
async function proxy(rpc: string, change: (method: string, reply: Reply) => Reply = (_, reply) => reply) {
  const server: Server = createServer(async (request, response) => {
    try {
      const body = await textOf(request);
      const real = await fetch(rpc, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      const reply = change(JSON.parse(body).method, (await real.json()) as Reply);
      response.setHeader("content-type", "application/json").end(JSON.stringify(reply));
    } catch {
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  closers.push(close);
  return { rpc: `http://127.0.0.1:${(server.address() as { port: number }).port}`, close };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

function client(rpc: string) {
  return createTestClient({ mode: "anvil", transport: http(rpc), cacheTime: 0 }).extend(publicActions);
}

function blockNumber(rpc: string): Promise<bigint> {
  return client(rpc).getBlockNumber();
}

function savedBlock(home: string): bigint | undefined {
  const path = join(home, "chain", "state.json");
  if (!existsSync(path)) return undefined;
  return BigInt(JSON.parse(readFileSync(path, "utf8")).best_block_number);
}

function recorder(events: string[]): Log {
  const note = (level: string) => (event: string) => void events.push(`${level} ${event}`);
  return { debug: note("debug"), info: note("info"), warn: note("warn"), error: note("error") };
}

function silent(): Log {
  return recorder([]);
}
