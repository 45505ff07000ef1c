import { afterAll, beforeAll, describe, test } from "vitest";
import type { CheatName } from "../adversaries/cheats.ts";
import { type CheatedNetwork, startCheatedNetwork } from "../rigs/cheated-network.ts";

/** Every way to cheat that fingerprints and margins are there for, each by a provider that really does it. */

let network: CheatedNetwork;

beforeAll(async () => {
  network = await startCheatedNetwork();
});
afterAll(() => network?.stop());

const liars: CheatName[] = [
  ...(["three-bit", "four-bit", "noise", "four-bit-cache", "cut-context", "injected-prompt"] as const),
  ...(["prefill-attack", "hot", "other-seed", "drops-token", "lazy", "withholds"] as const),
];

describe("a provider that cheats is found out, and what leaves is still a right answer", () => {
  test.each(liars.map((cheat, index) => [cheat, index % 4] as const))("by: %s", (cheat, index) =>
    network.findOut(index, cheat),
  );
});
