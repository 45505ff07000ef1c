import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { reportOnText } from "../../src/commands/verify.ts";
import { shippedPairs } from "../../src/protocol/calibration.generated.ts";
import { tolerancesOf } from "../../src/protocol/calibration.ts";
import type { CheatName } from "../adversaries/cheats.ts";
import { type CheatedNetwork, startCheatedNetwork } from "../rigs/cheated-network.ts";
import { until } from "../rigs/until.ts";

/** Every way to cheat that fingerprints and margins are there for, each by a provider that really does it. */

let network: CheatedNetwork;

function onNewNetwork(): void {
  beforeAll(async () => {
    network = await startCheatedNetwork();
  });
  afterAll(() => network?.stop());
}

const liars: CheatName[] = [
  ...(["three-bit", "four-bit", "noise", "four-bit-cache", "cut-context", "injected-prompt"] as const),
  ...(["prefill-attack", "hot", "other-seed", "drops-token", "swaps-tokens", "stops-early"] as const),
  ...(["best-of-n", "strange-ids", "no-numbers", "lazy", "copies", "forges"] as const),
  ...(["seals-nothing", "withholds", "two-envelopes", "forges-commit"] as const),
  ...(["other-job", "oversize", "other-market"] as const),
];

/** Two dozen answers, of which a cheat that shows in speaking only may get the last to speak; ten seconds each if need be. */
const timeout = 300_000;

/** Who was found out is asked last for a while: of four nodes, each is to have been so once or twice and not six times. */
const cheatsOfOneNetwork = 6;
const groups = Array.from({ length: Math.ceil(liars.length / cheatsOfOneNetwork) }, (_, at) =>
  liars.slice(at * cheatsOfOneNetwork, (at + 1) * cheatsOfOneNetwork),
);

describe.each(groups.map((cheats, at) => ({ cheats, name: at + 1 })))(
  "a provider that cheats is found out, and what leaves is still a right answer (network $name)",
  { timeout },
  ({ cheats }) => {
    onNewNetwork();

    test.each(cheats.map((cheat, index) => [cheat, index % 4] as const))("by: %s", (cheat, index) =>
      network.findOut(index, cheat),
    );
  },
);

/** They have to speak, some of them twice, so their gateway must hold nothing against them yet. */
describe("those that show only together, or the second time, are found out too", { timeout }, () => {
  onNewNetwork();

  test("by: saying an old answer again under a new seed", async () => {
    const messages = [
      { role: "user", content: "Tell a story about a lighthouse, with a beginning and an end." },
    ];
    await network.findAllOut({ 1: "replays" }, { messages });
  });

  test("by: speaking for one another, fewer than a quorum", () =>
    network.findAllOut({ 0: "colludes", 1: "colludes" }));

  test("by: signing two things under one number, which a stranger can check", async () => {
    await network.findAllOut({ 2: "lazy", 3: "equivocates" });
    const folder = join(network.home, "gateway/evidence");
    const written = () => readdirSync(folder).filter((name) => name.endsWith(".json"));
    await until(() => written().length > 0, 5_000, "the evidence is written");
    const [name] = written();
    const report = await reportOnText(readFileSync(join(folder, name!), "utf8"), tolerancesOf(shippedPairs));
    expect(report).toMatchObject({ verdict: "valid", reasons: [expect.stringMatching(/^equivocation: 0x/)] });
  });
});
