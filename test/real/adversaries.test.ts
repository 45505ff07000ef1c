import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CheatName } from "../adversaries/cheats.ts";
import { type LiveNetwork, startLiveNetwork } from "../rigs/live-network.ts";
import { type Streamed, streamChat } from "../rigs/stream.ts";
import { until } from "../rigs/until.ts";

/** Four honest providers and one that cheats, another in each test, all of them processes with a real model. */

let network: LiveNetwork;

beforeAll(async () => {
  network = await startLiveNetwork({ nodes: 5 });
});
afterAll(() => network?.stop());

/** Long enough that nothing leaves unjudged, so that a cheat is always seen before delivery. */
const holdfast = { holdMs: 20_000, witnesses: 2 };

function ask(seed: number): Promise<Streamed> {
  const messages = [{ role: "user", content: `Tell me a story about the number ${seed}.` }];
  const sampling = { temperature: 0.7, max_tokens: 20, seed };
  return streamChat(network.url, { model: "SmolLM2-135M-Instruct", messages, ...sampling, holdfast });
}

/** Peers whose words a majority rejected, by the gateway's own log. */
function rejected(): string[] {
  const log = readFileSync(join(network.home, "gateway/log"), "utf8");
  const events = log.split("\n").filter((line) => line.includes('"outcome":"rejected"'));
  return events.map((line) => JSON.parse(line).peer);
}

/** Asks until `seen` says that the cheat has played its part; every answer on the way must end well. */
async function askUntil(played: (seen: Streamed) => boolean): Promise<Streamed> {
  for (let seed = 0; seed < 60; seed++) {
    const seen = await ask(seed);
    expect(seen).toMatchObject({ done: true, error: undefined, end: { verdict: "valid" } });
    if (played(seen)) return seen;
  }
  throw new Error("in sixty answers the cheat was never asked");
}

const speakers: Array<[CheatName, number]> = [
  ["other-model", 0],
  ["repeats-token", 1],
  ["two-texts", 2],
];

/** The provider of this index, and it alone, cheats. */
async function bend(index: number, cheat: CheatName): Promise<string> {
  const before = network.providers()[index - 1];
  const provider = network.providers()[index]!;
  before?.signal("SIGKILL");
  provider.signal("SIGKILL");
  await Promise.all([before?.revive(), provider.revive(cheat)]);
  await until(async () => (await network.known()).length === 5, 60_000, "all five are known");
  return provider.peer;
}

describe("a provider that cheats", () => {
  test.each(speakers)("as %s is rejected and replaced before delivery", async (cheat, index) => {
    const peer = await bend(index, cheat);
    const seen = await askUntil(() => rejected().includes(peer));
    expect(seen.end!.attempts, "somebody else spoke on").toBeGreaterThan(1);
    expect(seen.text).not.toMatch(/[A-Z]{6,}/);
  });

  test("as a witness that dissents once ejects nobody, and is held for nothing", async () => {
    const before = rejected();
    const peer = await bend(4, "dissenter");
    const dissent = () =>
      readFileSync(join(network.home, "gateway/log"), "utf8").split('"chunk-rejected"').length;
    const quiet = dissent();
    await askUntil(({ end }) => dissent() > quiet && end!.witnesses.includes(peer));
    expect(rejected(), "nobody was ejected").toEqual(before);
  });
});
