import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import type { Address } from "../../domain/ids.ts";
import type { Log } from "../../ports.ts";
import { createBeacons } from "./beacons.ts";

/** Endpoints that say what a test has them say, over real HTTP. */
interface Claims {
  readonly chainId?: number;
  readonly head?: number;
  /** Of every block. */
  readonly hash?: string;
  /** Of every node. */
  readonly weight?: bigint;
  /** Bytes that nobody asked for, beside each answer. */
  readonly ballast?: number;
}

const bonds = `0x${"b0".repeat(20)}` as Address;
const nodes = [`0x${"01".repeat(20)}`, `0x${"02".repeat(20)}`] as Address[];
const [truth, lie] = ["aa".repeat(32), "bb".repeat(32)] as [string, string];
const closers: Array<() => void> = [];

afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function endpoint({ chainId = 7, head = 100, hash = truth, weight = 5n, ballast = 0 }: Claims) {
  const hex = (value: number | bigint, digits = 0) => `0x${value.toString(16).padStart(digits, "0")}`;
  const results: Record<string, (params: unknown[]) => unknown> = {
    eth_chainId: () => hex(chainId),
    eth_blockNumber: () => hex(head),
    eth_call: () => hex(weight, 64),
    eth_getBlockByNumber: ([number]) =>
      Number(number) > head ? null : { number, hash: `0x${hash}`, timestamp: "0x10", transactions: [] },
  };
  const answer = ({ id, method, params }: { id: number; method: string; params: unknown[] }) => ({
    ...{ jsonrpc: "2.0", id, result: results[method]!(params), ballast: "0".repeat(ballast) },
  });
  const server = createServer(async (request: IncomingMessage, response) => {
    const asked = JSON.parse(await text(request));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(Array.isArray(asked) ? asked.map(answer) : answer(asked)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function beaconsOf(...claims: Claims[]) {
  const warnings: string[] = [];
  const log: Log = { debug() {}, info() {}, warn: (event) => void warnings.push(event), error() {} };
  const rpcs = await Promise.all(claims.map(endpoint));
  return { beacons: createBeacons({ log }, { rpcs, chainId: 7, bonds }), warnings };
}

test("most of the endpoints decide, whatever another one says", async () => {
  const { beacons, warnings } = await beaconsOf({}, {}, { head: 900, hash: lie, weight: 9n });
  expect(await beacons.head()).toBe(100);
  expect(await beacons.block(99)).toEqual({ hash: truth, at: 16_000 });
  expect(await beacons.weights(nodes, 99)).toEqual({ total: 5n, stakes: [5n, 5n] });
  expect(warnings).toEqual(["chain.endpoint-outvoted"]);
});

test("endpoints of another chain have no say in anything, and that is told once", async () => {
  const other = { chainId: 1, head: 900, hash: lie, weight: 9n };
  const { beacons, warnings } = await beaconsOf({}, other, other);
  expect(await beacons.head()).toBe(100);
  expect(await beacons.block(99)).toMatchObject({ hash: truth });
  expect(await beacons.weights(nodes, 99)).toMatchObject({ total: 5n });
  expect(warnings).toEqual(["chain.endpoint-wrong-chain", "chain.endpoint-wrong-chain"]);
});

test("the first to have a block does not choose its beacon, nor do those who lag behind count as faulty", async () => {
  const { beacons, warnings } = await beaconsOf({ head: 101, hash: lie }, {}, {});
  expect(await beacons.block(101)).toBeUndefined();
  expect(await beacons.weights(nodes, 100)).toBeUndefined();
  expect(await beacons.block(100)).toMatchObject({ hash: truth });
  expect(warnings).toEqual(["chain.endpoint-outvoted"]);
});

test("an endpoint that answers without end is left out", async () => {
  const { beacons, warnings } = await beaconsOf({}, { ballast: 2 ** 20, hash: lie });
  expect(await beacons.block(99)).toMatchObject({ hash: truth });
  expect(warnings).toEqual(["chain.endpoint-silent"]);
});
