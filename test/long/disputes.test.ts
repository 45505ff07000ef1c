import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reportOnText } from "../../src/commands/verify.ts";
import { shippedPairs } from "../../src/protocol/calibration.generated.ts";
import { tolerancesOf } from "../../src/protocol/calibration.ts";
import { type LiveNetwork, startLiveNetwork } from "../rigs/live-network.ts";
import { lookOn, rpcsOf } from "../rigs/onlooker.ts";
import { streamChat } from "../rigs/stream.ts";

/** A dispute with a real model: a witness that made its fingerprint up, and referees who agree to the last bit. */

let network: LiveNetwork;

beforeAll(async () => {
  network = await startLiveNetwork({ nodes: 10 });
});
afterAll(() => network?.stop());

test("a witness that read nothing loses to the executor it contradicts, by the word of referees", async () => {
  const [liar] = network.providers();
  liar!.signal("SIGKILL");
  await liar!.revive("lazy");
  const file = join(network.home, "receipt.json");
  writeFileSync(file, await receiptWith(liar!.peer));
  const { code, stdout, stderr } = await lookOn(network, ["dispute", file, "--json"]);
  expect(stderr).not.toMatch(/at least/);
  expect(code).toBe(0);
  const said = JSON.parse(stdout);
  expect(said).toMatchObject({ loser: "accuser", reference: expect.stringMatching(/cpu-/) });

  const evidence = readFileSync(said.evidence, "utf8");
  const report = (text: string, rpcs: string[]) => reportOnText(text, tolerancesOf(shippedPairs), { rpcs });
  expect(await report(evidence, rpcsOf(network))).toMatchObject({ verdict: "valid" });
  expect(await report(evidence, [])).toMatchObject({ verdict: "inconclusive" });
  const turned = evidence.replace('"loser":"accuser"', '"loser":"accused"');
  expect(await report(turned, rpcsOf(network))).toMatchObject({ verdict: "invalid" });
}, 300_000);

/** An answer that this node witnessed, and that was proved all the same. */
async function receiptWith(witness: string): Promise<string> {
  for (let seed = 0; seed < 60; seed += 1) {
    const seen = await streamChat(network.url, {
      ...{ model: "SmolLM2-135M-Instruct", temperature: 0.7, max_tokens: 48, seed },
      messages: [{ role: "user", content: `Tell me a story about the number ${seed}.` }],
      holdfast: { witnesses: 2, receiptPrompt: true },
    });
    if (seen.end?.receipt === undefined || !seen.casts[0]?.witnesses.includes(witness)) continue;
    const receipt = await (await fetch(new URL(seen.end.receipt, network.url))).text();
    if (JSON.parse(receipt).proof.openings.length > 2) return receipt;
  }
  throw new Error("in sixty answers it was no witness");
}
