import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CheatName } from "../adversaries/cheats.ts";
import { type CheatedNetwork, startCheatedNetwork } from "../rigs/cheated-network.ts";
import type { Streamed } from "../rigs/stream.ts";
import { until } from "../rigs/until.ts";

/** Four honest providers and one that cheats, another in each test, all of them processes with a real model. */

let network: CheatedNetwork;

beforeAll(async () => {
  network = await startCheatedNetwork({ nodes: 5 });
});
afterAll(() => network?.stop());

/** Long enough that nothing leaves unjudged, so that a cheat is always seen before delivery. */
const holdfast = { finality: "stream", holdMs: 20_000 };

/** Who said the last words of it. */
function speakerOf({ casts }: Streamed): string | undefined {
  return casts.at(-1)?.executor;
}

/** Peers whose words a majority rejected. */
function rejected(): (string | undefined)[] {
  const ends = network.events("attempt-ended").filter(({ outcome }) => outcome === "rejected");
  return ends.map(({ peer }) => peer);
}

/**
 * Asks until `seen` says that the cheat has played its part; every answer on the way must end well. On a busy machine a
 * cheat may take over for the last words and happen to say them right: then its fingerprint alone shows it, when they
 * are out, and the verdict says so.
 */
async function askUntil(cheat: string, played: (seen: Streamed) => boolean): Promise<Streamed> {
  for (let seed = 0; seed < 60; seed++) {
    const seen = await network.ask(seed, { max_tokens: 20, holdfast });
    expect(seen).toMatchObject({ done: true, error: undefined });
    if (seen.end!.verdict === "invalid") {
      expect(speakerOf(seen)).toBe(cheat);
      // The log is written a little after the answer's end.
      await until(() => rejected().includes(cheat), 5_000, "the cheat is blamed");
    } else expect(seen.end!.verdict).toBe("valid");
    if (played(seen)) return seen;
  }
  throw new Error("in sixty answers the cheat was never asked");
}

const speakers: Array<[CheatName, number]> = [
  ["other-model", 0],
  ["repeats-token", 1],
  ["two-texts", 2],
];

describe("a provider that cheats", () => {
  test.each(speakers)("as %s is rejected and replaced before delivery", async (cheat, index) => {
    const peer = (await network.bend({ [index]: cheat }))[0]!;
    const seen = await askUntil(peer, () => rejected().includes(peer));
    if (speakerOf(seen) !== peer) expect(seen.end!.attempts, "somebody else spoke on").toBeGreaterThan(1);
    expect(seen.text).not.toMatch(/[A-Z]{6,}/);
  });

  test("as a witness that dissents once ejects nobody, and is held for nothing", async () => {
    const before = rejected();
    const peer = (await network.bend({ 4: "dissenter" }))[0]!;
    const dissents = () => network.events("chunk-rejected").length;
    const quiet = dissents();
    await askUntil(peer, ({ end }) => dissents() > quiet && end!.witnesses.includes(peer));
    expect(rejected(), "nobody was ejected").toEqual(before);
  });
});
