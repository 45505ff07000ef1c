import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { syntheticModel } from "../../src/adapters/synthetic/model.ts";
import { ask, type Seen } from "../rigs/ask.ts";
import { type LiveNetwork, startLiveNetwork } from "../rigs/live-network.ts";
import { until } from "../rigs/until.ts";

/** Thirty times more requests than seats, at real processes whose engines take a second for each answer. */

let network: LiveNetwork;
let origin: string;
let folder: string;
const seats = 2;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "holdfast-overload-"));
  const config = join(folder, "settings.json");
  writeFileSync(config, JSON.stringify({ engine: "synthetic", pace: 60, slots: seats, deadlineMs: 12_000 }));
  network = await startLiveNetwork({ nodes: 3, args: ["--config", config] });
  origin = new URL(network.url).origin;
});
afterAll(async () => {
  await network?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const whole = { status: 200, done: true, error: undefined, finish: expect.stringMatching(/stop|length/) };

const ended: Array<{ readonly key: string; readonly seen: Seen }> = [];

async function askAs(key: string): Promise<Seen> {
  const headers = { authorization: `Bearer ${key}` };
  const seen = await ask(origin, { model: syntheticModel.name, max_tokens: 60, stream: true }, { headers });
  ended.push({ key, seen });
  return seen;
}

async function queue(): Promise<{ waiting: number; clients: number; running: number; refused: number }> {
  const status = await (await fetch(`${origin}/holdfast/status`)).json();
  return (status as { queue: Array<Awaited<ReturnType<typeof queue>>> }).queue[0]!;
}

test("every request ends in a whole answer or a 429 with the wait there would be, and nobody is crowded out", async () => {
  expect(await askAs("first")).toMatchObject({ status: 200, error: undefined });
  const crowd = Array.from({ length: 30 * seats }, () => askAs("crowd"));
  await until(async () => (await queue()).waiting > 0, 5_000, "some wait");
  const single = await askAs("single");
  expect(single).toMatchObject(whole);
  const before = ended.slice(1).filter(({ key, seen }) => key === "crowd" && seen.status === 200);
  expect(before.length, "answers that came before the single one").toBeLessThanOrEqual(3 * seats);

  const all = await Promise.all(crowd);
  const answered = all.filter(({ status }) => status === 200);
  const refused = all.filter(({ status }) => status === 429);
  const others = all.filter((seen) => !answered.includes(seen) && !refused.includes(seen));
  expect(others.map(({ raw }) => raw)).toEqual([]);
  expect(answered.length).toBeGreaterThan(seats);
  for (const seen of answered) expect(seen).toMatchObject(whole);
  for (const { headers, error } of refused) {
    expect(error.code).toBe("busy");
    expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
  }
  expect(await queue()).toMatchObject({ waiting: 0, running: 0, refused: refused.length });
});
