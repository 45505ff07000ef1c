import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reportOnText } from "../../src/commands/verify.ts";
import type { Receipt } from "../../src/domain/verification/receipt.ts";
import { shippedPairs } from "../../src/protocol/calibration.generated.ts";
import { tolerancesOf } from "../../src/protocol/calibration.ts";
import type { CheatName } from "../adversaries/cheats.ts";
import { type LiveNetwork, startLiveNetwork } from "../rigs/live-network.ts";
import { type Streamed, streamChat } from "../rigs/stream.ts";
import { until } from "../rigs/until.ts";

/** Three honest providers and one that cheats, another in each test, all of them processes with a real model. */

let network: LiveNetwork;

beforeAll(async () => {
  network = await startLiveNetwork({ nodes: 4 });
});
afterAll(() => network?.stop());

/** Nothing leaves before executor and witnesses have opened their fingerprints, and these agree. */
const holdfast = { finality: "final", witnesses: 2 };

function ask(seed: number, more: Record<string, unknown> = {}): Promise<Streamed> {
  const content = `You are given the number ${seed}. Tell a story in which it matters, with a beginning and an end.`;
  const sampling = { temperature: 0.7, max_tokens: 72, seed };
  const messages = [{ role: "user", content }];
  return streamChat(network.url, {
    model: "SmolLM2-135M-Instruct",
    messages,
    ...sampling,
    holdfast: { ...holdfast, ...more },
  });
}

interface Blame {
  readonly peer: string;
  readonly outcome: string;
}

/** Who was blamed for what, by the gateway's own log. */
function blamed(): Blame[] {
  const lines = readFileSync(join(network.home, "gateway/log"), "utf8").split("\n");
  const events = lines.filter((line) => line.includes('"attempt-ended"')).map((line) => JSON.parse(line));
  return events.filter(({ outcome }) => ["rejected", "garbage", "dissented", "silent"].includes(outcome));
}

/** The provider of this index, and it alone, cheats. */
async function bend(index: number, cheat: CheatName): Promise<string> {
  const before = network.providers()[(index + 3) % 4]!;
  const provider = network.providers()[index]!;
  before.signal("SIGKILL");
  provider.signal("SIGKILL");
  await Promise.all([before.revive(), provider.revive(cheat)]);
  await until(
    async () => (await network.known()).filter(({ alive }) => alive).length === 4,
    60_000,
    "all are known",
  );
  return provider.peer;
}

test("an honest answer is final with a fingerprint behind it", async () => {
  const { end, error } = await ask(1);
  expect(error).toBeUndefined();
  expect(end).toMatchObject({ verdict: "valid", basis: "fingerprint", finality: "final" });
  expect(end!.witnesses).toHaveLength(2);
});

test("its receipt can be checked by a stranger; one that was changed, or holds no prompt, says so", async () => {
  const receiptOf = async ({ end }: Streamed) => (await fetch(new URL(end!.receipt!, network.url))).text();
  const shown = await receiptOf(await ask(2, { receiptPrompt: true }));
  const report = (text: string) => reportOnText(text, tolerancesOf(shippedPairs));
  expect(await report(shown)).toMatchObject({ verdict: "valid" });
  const changed = JSON.parse(shown) as Receipt;
  const [first, ...others] = changed.chunks;
  const forged = { ...first!, chunk: { ...first!.chunk, text: `${first!.chunk.text}!` } };
  expect(await report(JSON.stringify({ ...changed, chunks: [forged, ...others] }))).toMatchObject({
    verdict: "invalid",
  });
  const sealed = await receiptOf(await ask(3));
  expect(sealed).not.toContain("You are given the number");
  expect(await report(sealed)).toMatchObject({ verdict: "inconclusive" });
});

const liars: CheatName[] = [
  "three-bit",
  "four-bit",
  "noise",
  "four-bit-cache",
  "cut-context",
  "injected-prompt",
  "prefill-attack",
  "hot",
  "other-seed",
  "lazy",
  "withholds",
];

describe("a provider that cheats is found out, and what leaves is still a right answer", () => {
  test.each(liars.map((cheat, index) => [cheat, index % 4] as const))("by: %s", async (cheat, index) => {
    const peer = await bend(index, cheat);
    const before = blamed().length;
    // A machine that is too busy makes honest nodes silent, too: only who withholds is known by that.
    const lies = ({ outcome }: Blame) => outcome !== "silent" || cheat === "withholds";
    const since = () => blamed().slice(before).filter(lies);
    const found = () => since().some((each) => each.peer === peer);
    for (let seed = 0; seed < 24 && !found(); seed += 1) {
      const { end, error } = await ask(100 * index + seed);
      // Where too few could be heard in time there is no answer, rather than a doubtful one.
      if (error === undefined) expect(end).toMatchObject({ verdict: "valid", basis: "fingerprint" });
      else expect(error.code).toMatch(/^(not_final|no_providers)$/);
    }
    expect(found(), "it was blamed").toBe(true);
    if (cheat === "withholds") return;
    expect(
      since().filter((each) => each.peer !== peer),
      "nobody else was",
    ).toEqual([]);
  });
});
