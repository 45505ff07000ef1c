import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reportOnText } from "../../src/commands/verify.ts";
import { shippedPairs } from "../../src/protocol/calibration.generated.ts";
import { tolerancesOf } from "../../src/protocol/calibration.ts";
import { type LiveNetwork, startLiveNetwork } from "../rigs/live-network.ts";
import { lookOn, mine, rpcsOf } from "../rigs/onlooker.ts";
import { type Streamed, streamChat } from "../rigs/stream.ts";
import { until } from "../rigs/until.ts";

/** Answers that nobody watched, an honest one and a false one, and what auditors drawn long after make of them. */

let network: LiveNetwork;

beforeAll(async () => {
  network = await startLiveNetwork({ nodes: 4, args: ["--audit-percent", "100"] });
});
afterAll(() => network?.stop());

/** All that was asked is audited, one after the other, each at the pace of the chain. */
const timeout = 300_000;

test("an executor that cheated while nobody watched is found out, and an honest one is not", {
  timeout,
}, async () => {
  const [liar] = network.providers();
  liar!.signal("SIGKILL");
  await liar!.revive("other-model");
  const honest = await askedOf((peer) => peer !== liar!.peer);
  // One that cheats only where the application ends the answer is found out too.
  const cheated = await askedOf((peer) => peer === liar!.peer, { stop: ["."] });
  expect(await report(honest), "nobody has read it yet").toMatchObject({ verdict: "inconclusive" });

  await mine(network, 301);
  await until(
    async () => {
      // As quickly as any chain in use: an executor has to confirm its set while the block that it names is to come.
      await mine(network, 1);
      await new Promise((resolve) => setTimeout(resolve, 250));
      return [honest, cheated].every((answer) => verdictIn(answer) !== undefined);
    },
    200_000,
    "both were audited",
  );
  expect(verdictIn(honest)).toBe("valid");
  expect(verdictIn(cheated)).toBe("invalid");
  expect(await report(honest)).toMatchObject({
    verdict: "valid",
    checked: expect.arrayContaining([expect.stringMatching(/committee: drawn/)]),
  });
  expect((await report(cheated)).reasons.join()).toMatch(/rejected/);

  const evidence = join(network.home, "gateway/evidence", `${cheated.casts[0]!.job}.json`);
  const { code, stderr } = await lookOn(network, ["dispute", evidence]);
  expect(stderr, "everybody else was an auditor").toMatch(/at least 5 referees/);
  expect(code).toBe(3);
});

async function askedOf(wanted: (executor: string) => boolean, more: object = {}): Promise<Streamed> {
  for (let seed = 0; seed < 40; seed += 1) {
    const seen = await streamChat(network.url, {
      ...{ model: "SmolLM2-135M-Instruct", temperature: 0.7, max_tokens: 48, seed },
      messages: [{ role: "user", content: `Tell me a story about the number ${seed}.` }],
      holdfast: { finality: "none", receiptPrompt: true },
      ...more,
    });
    const isLong = seen.text.length >= 80;
    if (seen.end !== undefined && isLong && wanted(seen.casts[0]?.executor ?? "")) return seen;
  }
  throw new Error("in forty answers it never spoke");
}

/** What the gateway's log says of an audit of this answer. */
function verdictIn({ casts }: Streamed): string | undefined {
  const lines = readFileSync(join(network.home, "gateway/log"), "utf8").split("\n");
  const audited = lines.filter((line) => line.includes('"audited"')).map((line) => JSON.parse(line));
  return audited.find(({ job }) => job === casts[0]?.job)?.verdict;
}

async function report({ end }: Streamed) {
  const text = await (await fetch(new URL(end!.receipt!, network.url))).text();
  return reportOnText(text, tolerancesOf(shippedPairs), { rpcs: rpcsOf(network) });
}
