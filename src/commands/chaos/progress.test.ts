import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { createChance } from "../../simulator/chance.ts";
import type { Arena, ArenaNode } from "./arena.ts";
import { blackOut } from "./blackout.ts";
import type { Load } from "./load.ts";
import { type Progress, putInOrder } from "./progress.ts";

/** Nodes of which nothing is real but the folders that their engines look into; the last one has lost its own. */
function networkOf(count: number): { arena: Arena; homes: readonly string[]; closed: () => boolean } {
  const homes = Array.from({ length: count }, () => mkdtempSync(join(tmpdir(), "holdfast-chaos-")));
  onTestFinished(() => {
    for (const home of homes) rmSync(home, { recursive: true, force: true });
  });
  rmSync(homes.at(-1)!, { recursive: true });
  const nodes = homes.map((home, index): ArenaNode => {
    const name = `provider ${index + 1}`;
    return { ...{ name, peer: name, pid: process.pid, start: undefined }, home, cable: undefined };
  });
  let closed = false;
  const arena: Arena = {
    ...{ url: "", model: "", synthetic: true, slots: 1, lasting: [], nodes: () => nodes },
    revive: async () => {},
    close: async () => {
      closed = true;
    },
  };
  return { arena, homes, closed: () => closed };
}

const load = { streams: [], inFlight: () => [], abort: () => {} } as unknown as Load;

test("a blackout that breaks off half-way leaves no node of the network ill", async () => {
  const { arena, homes, closed } = networkOf(3);
  const progress: Progress = { ...{ arena, load, churn: undefined, blackouts: [], broken: [] } };
  const plan = { fault: "stall" as const, victims: () => 3, chance: createChance(1) };
  const ailing = () => homes.filter((home) => existsSync(home) && readdirSync(home).length > 0).length;
  let ill = 0;
  const broken = blackOut(
    ...([arena, load, plan] as const),
    (_, nodes) => {
      progress.broken = nodes;
    },
    new AbortController().signal,
  ).finally(() => {
    ill = ailing();
  });
  await expect(broken).rejects.toThrow("ENOENT");
  await putInOrder(progress);
  expect([ill > 0, ailing(), closed()]).toEqual([true, 0, true]);
});
