import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { CheatName } from "../adversaries/cheats.ts";
import { type LiveNetwork, startLiveNetwork } from "./live-network.ts";
import { type Streamed, streamChat } from "./stream.ts";
import { until } from "./until.ts";

/** Three honest providers and one that cheats, another each time, all of them processes with a real model. */
export interface CheatedNetwork {
  readonly url: string;
  /** Asks for a final answer: nothing leaves before executor and witnesses have opened fingerprints that agree. */
  ask(seed: number, more?: Record<string, unknown>): Promise<Streamed>;
  /** Has the provider of this index cheat, it alone, and asks until it is blamed; holds that nobody else is. */
  findOut(index: number, cheat: CheatName): Promise<void>;
  stop(): Promise<void>;
}

export async function startCheatedNetwork(): Promise<CheatedNetwork> {
  const network = await startLiveNetwork({ nodes: 4 });
  const { url, stop } = network;
  return { url, stop, ask: (seed, more) => ask(network, seed, more), findOut };

  async function findOut(index: number, cheat: CheatName): Promise<void> {
    const peer = await bend(network, index, cheat);
    const before = blamed(network).length;
    // A machine that is too busy makes honest nodes silent, too: only who withholds is known by that.
    const lies = ({ outcome }: Blame) => outcome !== "silent" || cheat === "withholds";
    const since = () => blamed(network).slice(before).filter(lies);
    const found = () => since().some((each) => each.peer === peer);
    for (let seed = 0; seed < 24 && !found(); seed += 1) await rightOrNone(network, 100 * index + seed);
    expect(found(), "it was blamed").toBe(true);
    if (cheat === "withholds") return;
    const others = since().filter((each) => each.peer !== peer);
    expect(others, "nobody else was").toEqual([]);
  }
}

function ask({ url }: LiveNetwork, seed: number, more: Record<string, unknown> = {}): Promise<Streamed> {
  const content = `You are given the number ${seed}. Tell a story in which it matters, with a beginning and an end.`;
  return streamChat(url, {
    ...{ model: "SmolLM2-135M-Instruct", messages: [{ role: "user", content }] },
    ...{ temperature: 0.7, max_tokens: 72, seed },
    holdfast: { finality: "final", witnesses: 2, ...more },
  });
}

/** Where too few could be heard in time there is no answer, rather than a doubtful one. */
async function rightOrNone(network: LiveNetwork, seed: number): Promise<void> {
  const refusal = /not_final|no_providers/;
  const seen = await ask(network, seed).catch((error: Error) => error);
  if (seen instanceof Error) return expect(seen.message).toMatch(refusal);
  if (seen.error !== undefined) return expect(seen.error.code).toMatch(refusal);
  expect(seen.end).toMatchObject({ verdict: "valid", basis: "fingerprint" });
}

interface Blame {
  readonly peer: string;
  readonly outcome: string;
}

/** Who was blamed for what, by the gateway's own log. */
function blamed({ home }: LiveNetwork): Blame[] {
  const lines = readFileSync(join(home, "gateway/log"), "utf8").split("\n");
  const events = lines.filter((line) => line.includes('"attempt-ended"')).map((line) => JSON.parse(line));
  return events.filter(({ outcome }) => ["rejected", "garbage", "dissented", "silent"].includes(outcome));
}

async function bend(network: LiveNetwork, index: number, cheat: CheatName): Promise<string> {
  const before = network.providers()[(index + 3) % 4]!;
  const provider = network.providers()[index]!;
  before.signal("SIGKILL");
  provider.signal("SIGKILL");
  await Promise.all([before.revive(), provider.revive(cheat)]);
  const alive = async () => (await network.known()).filter((each) => each.alive).length;
  await until(async () => (await alive()) === 4, 60_000, "all are known");
  return provider.peer;
}
