import { expect, test } from "vitest";
import { createCourt, model } from "../../../test/rigs/court.ts";
import type { JobId } from "../../domain/ids.ts";
import { answerDraw, noteBytes, requestDigest } from "../../domain/verification/drawn-answer.ts";
import { drawnSeed } from "../../domain/verification/seed.ts";
import { seated } from "../../domain/verification/sortition.ts";
import type { OpenOrder, Word } from "../../protocol/attempt.ts";
import { limits } from "../../protocol/limits.ts";

/** What a node takes part in of answers whose members are drawn: real conversations, and a chain in memory. */

const seed = "5e".repeat(32);
const asked = {
  ...{ job: "0a".repeat(32) as JobId, model, tokensMax: 16 },
  prompt: { kind: "text", text: "Why is the sky blue?" },
  sampling: { temperature: 0.7, topP: 1, seed },
} as const;
const request = requestDigest(asked);

/** One node; `since`: from which block on it has a stake, beside three others that always have one. */
function nodeWith(since = 0) {
  const court = createCourt([{ since }, {}, {}, {}]);
  const { offer } = court.nodes[0]!;
  const tell = async (order: Parameters<ReturnType<typeof court.ports.dialer.open>["send"]>[0]) => {
    const { promise, resolve } = Promise.withResolvers<Word>();
    const channel = court.ports.dialer.open(offer, { message: resolve, closed: () => {} });
    channel.send(order);
    const word = await promise;
    channel.close();
    return word;
  };
  const order = async (block: number, changed: Partial<OpenOrder> = {}): Promise<OpenOrder> => {
    const { hash } = (await court.beacons.block(block))!;
    const sampling = { ...asked.sampling, seed: drawnSeed(seed, hash) };
    const rest = { tokensDefault: 16, contextTokens: 128, holdMs: 0, deadlineMs: 5_000 };
    return { t: "open", ...asked, sampling, ...rest, drawn: { block, witnesses: 2, seed }, ...changed };
  };
  return { ...court, offer, tell, order };
}

test("what is announced before its block is noted and signed for, and then followed", async () => {
  const { beacons, offer, ports, tell, order } = nodeWith();
  const block = (await beacons.head())! + 1;
  const announced = { request, block, witnesses: 2 };
  const noted = await tell({ t: "announce", ...announced });
  expect(noted).toMatchObject({ t: "noted", head: block - 1 });
  if (noted.t !== "noted") return;
  const bytes = noteBytes(announced, { node: offer.address, head: noted.head });
  expect(ports.rules.verify(offer.sessionKey, bytes, noted.signature)).toBe(true);
  expect(await tell(await order(block))).toMatchObject({ t: "ready" });
});

test("a block that is there already draws nobody: neither announced nor asked for", async () => {
  const { beacons, tell, order } = nodeWith();
  const block = (await beacons.head())!;
  const refused = { t: "refused", code: "not-drawn" };
  expect(await tell({ t: "announce", request, block, witnesses: 2 })).toMatchObject(refused);
  expect(await tell(await order(block))).toMatchObject({
    ...refused,
    message: expect.stringMatching(/not announced/),
  });
});

test("a block that is far off is not noted: of many announced, one would suit", async () => {
  const { beacons, tell } = nodeWith();
  const head = (await beacons.head())!;
  const noted = (block: number) => tell({ t: "announce", request, block, witnesses: 2 });
  expect(await noted(head + limits.blocksAheadMax)).toMatchObject({ t: "noted" });
  expect(await noted(head + limits.blocksAheadMax + 1)).toMatchObject({ t: "refused", code: "not-drawn" });
});

test("nothing of what was announced can be another once the block is known", async () => {
  const { beacons, tell, order } = nodeWith();
  const block = (await beacons.head())! + 1;
  await tell({ t: "announce", request, block, witnesses: 2 });
  const honest = await order(block);
  const changes: Partial<OpenOrder>[] = [
    { prompt: { kind: "text", text: "Why is the sky  blue?" } },
    { sampling: { ...honest.sampling, temperature: 0.8 } },
    { tokensMax: 15 },
    { job: "0b".repeat(32) as JobId },
    { drawn: { block, witnesses: 2, seed: "5f".repeat(32) } },
    { drawn: { block, witnesses: 8, seed } },
    { drawn: { block: block + 1, witnesses: 2, seed } },
    { sampling: { ...honest.sampling, seed } },
    { audit: "aa".repeat(32) },
  ];
  for (const change of changes)
    expect(await tell({ ...honest, ...change }), JSON.stringify(change)).toMatchObject({ code: "not-drawn" });
  expect(await tell(honest)).toMatchObject({ t: "ready" });
});

test("a node whose stake is no older than the block has no seat", async () => {
  const { beacons, tell, order } = nodeWith(611);
  expect(await beacons.head()).toBe(610);
  await tell({ t: "announce", request, block: 611, witnesses: 2 });
  expect(await tell(await order(611))).toMatchObject({
    code: "not-drawn",
    message: expect.stringMatching(/no seat/),
  });
});

test("among many the seats are twice those needed, on the average", () => {
  const nodes = Array.from({ length: 200 }, (_, at) => ({
    node: `0x${(at + 1).toString(16).padStart(40, "0")}` as const,
    stake: 1n,
  }));
  const counts = Array.from({ length: 100 }, (_, at) => {
    const beacon = at.toString(16).padStart(64, "0");
    return seated(answerDraw({ request, block: 7, witnesses: 2 }, beacon), nodes as never).length;
  });
  expect(counts.reduce((sum, count) => sum + count) / counts.length).toBeCloseTo(6, 0);
  expect(counts.filter((count) => count >= 3).length / counts.length).toBeGreaterThan(0.88);
});
