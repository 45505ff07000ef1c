import { afterAll, beforeAll, expect, test } from "vitest";
import { reportOnText } from "../../src/commands/verify.ts";
import type { Receipt } from "../../src/domain/verification/receipt.ts";
import { shippedPairs } from "../../src/protocol/calibration.generated.ts";
import { tolerancesOf } from "../../src/protocol/calibration.ts";
import type { CheatName } from "../adversaries/cheats.ts";
import { type CheatedNetwork, startCheatedNetwork } from "../rigs/cheated-network.ts";
import type { Streamed } from "../rigs/stream.ts";

/** Final answers of a real model, their receipts, and three ways to cheat; every way is in test/long. */

let network: CheatedNetwork;

beforeAll(async () => {
  network = await startCheatedNetwork();
});
afterAll(() => network?.stop());

test("an honest answer is final with a fingerprint behind it", async () => {
  const { end, error } = await network.ask(1);
  expect(error).toBeUndefined();
  expect(end).toMatchObject({ verdict: "valid", basis: "fingerprint", finality: "final" });
  // One of the two may still be loading its model; the quorum of three is two.
  expect(end!.witnesses.length).toBeGreaterThanOrEqual(1);
});

test("its receipt can be checked by a stranger; one that was changed, or holds no prompt, says so", async () => {
  const receiptOf = async ({ end }: Streamed) => (await fetch(new URL(end!.receipt!, network.url))).text();
  const shown = await receiptOf(await network.ask(2, { holdfast: { receiptPrompt: true } }));
  const report = (text: string) => reportOnText(text, tolerancesOf(shippedPairs));
  expect(await report(shown)).toMatchObject({ verdict: "valid" });
  const changed = JSON.parse(shown) as Receipt;
  const [first, ...others] = changed.chunks;
  const forged = { ...first!, chunk: { ...first!.chunk, text: `${first!.chunk.text}!` } };
  expect(await report(JSON.stringify({ ...changed, chunks: [forged, ...others] }))).toMatchObject({
    verdict: "invalid",
  });
  const sealed = await receiptOf(await network.ask(3));
  expect(sealed).not.toContain("You are given the number");
  expect(await report(sealed)).toMatchObject({ verdict: "inconclusive" });
});

const liars: CheatName[] = ["four-bit", "prefill-attack", "cut-context"];

test.each(liars.map((cheat, index) => [cheat, index] as const))(
  "a provider that cheats is found out, and what leaves is still a right answer: %s",
  (cheat, index) => network.findOut(index, cheat),
);
