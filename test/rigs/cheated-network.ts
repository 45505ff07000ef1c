import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { CheatName } from "../adversaries/cheats.ts";
import { startLiveNetwork } from "./live-network.ts";
import { type Streamed, streamChat } from "./stream.ts";
import { until } from "./until.ts";

/** Honest providers and some that cheat, others each time, all of them processes with a real model. */
export interface CheatedNetwork {
  readonly url: string;
  readonly home: string;
  /** Has the providers of these indices cheat, them alone; resolves with their peers once all are known again. */
  bend(liars: Liars): Promise<readonly string[]>;
  peerOf(index: number): string;
  kill(index: number): void;
  /** Starts the provider of this index again with these arguments as well; resolves once it is known again. */
  serveFrom(index: number, args: readonly string[]): Promise<void>;
  /** Asks for a final answer: nothing leaves before executor and witnesses have opened fingerprints that agree. */
  ask(seed: number, more?: Record<string, unknown>): Promise<Streamed>;
  /** Who was blamed for what, and whatever else the gateway logged, in order. */
  events(name: string): readonly LoggedEvent[];
  /** Has one provider cheat, it alone, and asks until it is blamed; holds that nobody else is. */
  findOut(index: number, cheat: CheatName): Promise<void>;
  /** The same for several, who may be in league. */
  findAllOut(liars: Liars, more?: Record<string, unknown>): Promise<void>;
  stop(): Promise<void>;
}

type Liars = Readonly<Record<number, CheatName>>;

interface LoggedEvent {
  readonly event: string;
  readonly peer?: string;
  readonly outcome?: string;
}

/** A gateway takes whoever it heard nothing of for five seconds to be as quick as the others. */
export const paceForgottenMs = 5_500;

/** Cheats that are known by what is not said. */
const silences: ReadonlySet<CheatName> = new Set(["withholds", "seals-nothing"]);

export async function startCheatedNetwork(
  { nodes }: { nodes: number } = { nodes: 4 },
): Promise<CheatedNetwork> {
  const network = await startLiveNetwork({ nodes });
  const { url, home, stop } = network;
  let bent: number[] = [];
  const findOut = (index: number, cheat: CheatName) => findAllOut({ [index]: cheat });
  await allKnown();
  return { url, home, stop, bend, peerOf, kill, serveFrom, events, ask, findOut, findAllOut };

  function peerOf(index: number): string {
    return network.providers()[index]!.peer;
  }

  function kill(index: number): void {
    network.providers()[index]!.signal("SIGKILL");
  }

  async function serveFrom(index: number, args: readonly string[]): Promise<void> {
    kill(index);
    await network.providers()[index]!.revive(undefined, [], args);
    await allKnown();
  }

  async function allKnown(): Promise<void> {
    const alive = async () => (await network.known()).filter((each) => each.alive).length;
    await until(async () => (await alive()) === nodes, 60_000, "all are known");
  }

  async function bend(liars: Liars): Promise<readonly string[]> {
    const next = Object.keys(liars).map(Number);
    const restarted = [...new Set([...bent, ...next])].map((index) => ({
      ...{ provider: network.providers()[index]!, cheat: liars[index] },
    }));
    for (const { provider } of restarted) provider.signal("SIGKILL");
    await Promise.all(restarted.map(({ provider, cheat }) => provider.revive(cheat)));
    bent = next;
    await allKnown();
    return next.map(peerOf);
  }

  function events(name: string): LoggedEvent[] {
    const lines = readFileSync(join(home, "gateway/log"), "utf8").split("\n");
    const all = lines
      .filter((line) => line.includes(`"${name}"`))
      .map((line): LoggedEvent => JSON.parse(line));
    return all.filter(({ event }) => event === name);
  }

  function ask(seed: number, more: Record<string, unknown> = {}): Promise<Streamed> {
    const content = `You are given the number ${seed}. Tell a story in which it matters, with a beginning and an end.`;
    const { holdfast, ...rest } = more;
    return streamChat(url, {
      ...{ model: "SmolLM2-135M-Instruct", messages: [{ role: "user", content }] },
      ...{ temperature: 0.7, max_tokens: 72, seed, ...rest },
      holdfast: { finality: "final", witnesses: 2, ...(holdfast as object) },
    });
  }

  async function findAllOut(liars: Liars, more: Record<string, unknown> = {}): Promise<void> {
    const peers = await bend(liars);
    const before = blamed().length;
    const withholds = Object.values(liars).some((cheat) => silences.has(cheat));
    // A machine that is too busy makes honest nodes silent, too: only who withholds is known by that.
    const since = () =>
      blamed()
        .slice(before)
        .filter(({ outcome }) => outcome !== "silent" || withholds);
    const found = () => peers.every((peer) => since().some((each) => each.peer === peer));
    const begin = 100 * Math.min(...Object.keys(liars).map(Number));
    for (let asked = 0; asked < 16 && !found(); asked += 1) {
      // Some cheats make their provider slow, and then it is only ever a witness: until nobody knows how quick it is.
      if (asked >= 4) await new Promise((resolve) => setTimeout(resolve, paceForgottenMs));
      await rightOrNone(begin + asked, more);
    }
    expect(found(), `whoever lied was blamed, beside ${JSON.stringify(blamed().slice(before))}`).toBe(true);
    if (withholds) return;
    const others = since().filter(({ peer }) => !peers.includes(peer ?? ""));
    expect(others, "nobody else was").toEqual([]);
  }

  /**
   * Where too few could be heard in time, or to decide who is right, there is no answer rather than a doubtful one, and
   * the error says so. On a machine that is too busy that happens among four nodes.
   */
  async function rightOrNone(seed: number, more: Record<string, unknown>): Promise<void> {
    const refusal = /not_final|no_providers|disputed/;
    const seen = await ask(seed, more).catch((error: Error) => error);
    if (seen instanceof Error) return expect(seen.message).toMatch(refusal);
    if (seen.error !== undefined) return expect(seen.error.code).toMatch(refusal);
    expect(seen.end).toMatchObject({ verdict: "valid", basis: "fingerprint" });
  }

  function blamed(): LoggedEvent[] {
    const lies = ["rejected", "garbage", "dissented", "silent"];
    return events("attempt-ended").filter(({ outcome = "" }) => lies.includes(outcome));
  }
}
