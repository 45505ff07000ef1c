import { afterAll, beforeAll, expect, test } from "vitest";
import { createDialer } from "../../src/adapters/http2/dialer.ts";
import { openOffer } from "../../src/adapters/libp2p/sealed-offer.ts";
import { reportOnText } from "../../src/commands/verify.ts";
import type { Receipt } from "../../src/domain/verification/receipt.ts";
import type { Word } from "../../src/protocol/attempt.ts";
import { shippedPairs } from "../../src/protocol/calibration.generated.ts";
import { tolerancesOf } from "../../src/protocol/calibration.ts";
import { type LiveNetwork, startLiveNetwork } from "../rigs/live-network.ts";
import { rpcsOf } from "../rigs/onlooker.ts";
import { clock, createLogRig } from "../rigs/ports.ts";
import { type Streamed, streamChat } from "../rigs/stream.ts";
import { until } from "../rigs/until.ts";

/** Answers whose executor, witnesses and seed the chain draws: real providers, a real model, a real chain. */

let network: LiveNetwork;
let receipt: Receipt;

beforeAll(async () => {
  network = await startLiveNetwork({ nodes: 4 });
  // A network is ready once somebody can answer; a draw wants most of them.
  const alive = async () => (await network.known()).filter((each) => each.alive).length;
  await until(async () => (await alive()) === 4, 60_000, "all are known");
});
afterAll(() => network?.stop());

test("a drawn answer is final, and a stranger finds draw, seed and proof as its receipt says", async () => {
  const { end, error } = await drawn({ finality: "final" });
  expect(error).toBeUndefined();
  expect(end).toMatchObject({ verdict: "valid", basis: "fingerprint", committee: "drawn" });
  expect(end!.witnesses).toHaveLength(2);
  const text = await (await fetch(new URL(end!.receipt!, network.url))).text();
  receipt = JSON.parse(text);
  const seen = await report(receipt, rpcsOf(network));
  expect(seen.reasons.join()).toMatch(/^agreed/);
  expect(seen.verdict).toBe("valid");
  // A node that the gateway had not met yet is told of nothing; those it met are a majority.
  expect(seen.checked.join("\n")).toMatch(/each member's seat.*\n.* (75|100) % of all stake/);
});

test("without its chain the draw is not checked, and it says so; what was changed about it is found", async () => {
  const { verdict, reasons, notChecked } = await report(receipt);
  expect(verdict).toBe("inconclusive");
  expect(reasons.join()).toMatch(/beacon-unknown/);
  expect(notChecked.join()).toMatch(/the draw: block \d+ .*--rpc/);
  const drawn = receipt.drawn!;
  const changed: Array<[Partial<typeof drawn>, RegExp]> = [
    [{ seed: "00".repeat(32) }, /other-seed.*other-request/],
    [{ block: drawn.block - 1 }, /other-committee/],
    [{ beacon: "00".repeat(32) }, /other-beacon.*other-seed/],
  ];
  for (const [change, reason] of changed) {
    const seen = await report({ ...receipt, drawn: { ...drawn, ...change } }, rpcsOf(network));
    expect(seen.verdict, JSON.stringify(change)).toBe("invalid");
    expect(seen.reasons.join()).toMatch(reason);
  }
});

test("a provider refuses an old block, announced or asked for, and the draw of another's request", async () => {
  const { drawn, proof } = receipt;
  const { request, block, witnesses, seed } = drawn!;
  const old = await told({ t: "announce", request, block, witnesses });
  expect(old).toMatchObject({
    t: "refused",
    code: "not-drawn",
    message: expect.stringMatching(/is there already/),
  });
  const { model, prompt, sampling, tokensMax } = receipt;
  const asked = await told({
    ...{ t: "open", job: "0c".repeat(32), model, prompt, sampling, tokensMax, tokensDefault: tokensMax },
    ...{ contextTokens: 2048, holdMs: 0, deadlineMs: 10_000, drawn: { block, witnesses, seed } },
  } as Parameters<typeof told>[0]);
  expect(proof.set.answer.job).not.toBe("0c".repeat(32));
  expect(asked).toMatchObject({ code: "not-drawn", message: expect.stringMatching(/not announced/) });
});

test("a drawn answer streams, and the next in the draw's order takes over from a speaker that is killed", async () => {
  let killed = "";
  const seen = await streamChat(network.url, question({ finality: "stream" }), {
    onPiece(text, executor) {
      if (killed !== "" || text.length < 20) return;
      killed = executor;
      network.provider(executor).signal("SIGKILL");
    },
  });
  expect(seen.error).toBeUndefined();
  // On a busy machine others may be late as well, and be followed in their turn.
  expect(seen.casts.length).toBeGreaterThan(1);
  expect(seen.casts.at(-1)!.executor).not.toBe(killed);
  expect(seen.end).toMatchObject({ verdict: "valid", committee: "drawn" });
});

test("what cannot be drawn is refused in words", async () => {
  const refused = async (body: object) => {
    const headers = { "content-type": "application/json" };
    const text = JSON.stringify({ ...question({}), stream: false, ...body });
    const response = await fetch(`${network.url}/chat/completions`, { method: "POST", headers, body: text });
    const { error } = (await response.json()) as { error: { message: string; code: string } };
    return `${response.status} ${error.code} ${error.message}`;
  };
  expect(await refused({ stop: ["."] })).toMatch(/^400 .*stop/);
  expect(await refused({ holdfast: { committee: "drawn", finality: "none" } })).toMatch(/^400 .*witness/);
  expect(await refused({ holdfast: { committee: "drawn", witnesses: 8 } })).toMatch(
    /^503 too_few_drawn .*needs 9 providers/,
  );
});

function question(holdfast: object) {
  return {
    ...{ model: "SmolLM2-135M-Instruct", temperature: 0.7, max_tokens: 48, seed: 7 },
    messages: [{ role: "user", content: "Tell me a story about a lighthouse." }],
    holdfast: { committee: "drawn", receiptPrompt: true, ...holdfast },
  };
}

function drawn(holdfast: object): Promise<Streamed> {
  return streamChat(network.url, question(holdfast));
}

/** What one of the receipt's nodes answers to an order out of nowhere. */
async function told(
  order: Parameters<ReturnType<ReturnType<typeof createDialer>["open"]>["send"]>[0],
): Promise<Word> {
  const [signed] = receipt.offers;
  const opened = await openOffer(Buffer.from(JSON.stringify(signed)), receipt.market, () => "newer");
  if ("refusal" in opened) throw new Error(opened.refusal);
  const dialer = createDialer({ clock, log: createLogRig() });
  const { promise, resolve, reject } = Promise.withResolvers<Word>();
  const channel = dialer.open(opened.offer, {
    message: resolve,
    closed: ({ code }) => reject(new Error(code)),
  });
  channel.send(order);
  return promise.finally(() => dialer.close());
}

function report(of: Receipt, rpcs: readonly string[] = []) {
  return reportOnText(JSON.stringify(of), tolerancesOf(shippedPairs), { rpcs });
}
