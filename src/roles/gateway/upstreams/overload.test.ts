import { expect, test } from "vitest";
import type { Seen } from "../../../simulator/application.ts";
import { createChance } from "../../../simulator/chance.ts";
import { createTimeline } from "../../../simulator/timeline.ts";
import { createUpstreamGateway, type UpstreamTraits } from "../../../simulator/upstream-gateway.ts";
import { calmServer } from "../../../simulator/upstreams.ts";

/** Many times more requests than two servers have seats, in simulated time; an answer takes about two seconds. */

const seats = 4;
const server: UpstreamTraits = { ...calmServer, seats };

interface Ended {
  readonly key: string;
  seen: Seen | undefined;
  at: number;
}

async function crowd(traits: UpstreamTraits, count: number) {
  const timeline = createTimeline();
  const { servers, ask } = createUpstreamGateway(timeline, createChance(5), [traits, traits]);
  const ended: Ended[] = [];
  const askAs = (key: string) => {
    // Some are refused before `ask` has returned.
    const one: Ended = { key, seen: undefined, at: 0 };
    const done = () => {
      one.at = timeline.now();
      ended.push(one);
    };
    one.seen = ask({ temperature: 0, max_tokens: 60 }, { key, ended: done }).seen;
  };
  // One answer at first, so that it is known what one takes.
  askAs("first");
  timeline.at(3_000, () => {
    for (let index = 0; index < count; index++) askAs("crowd");
  });
  timeline.at(3_100, () => askAs("single"));
  await timeline.run(120_000, () => ended.length === count + 2);
  const refused = servers.reduce((sum, each) => sum + each.refused(), 0);
  return { ended, refused, whole: ended.filter(({ seen }) => seen?.finish === "stop" && seen.done) };
}

const untold: Array<[string, UpstreamTraits, number]> = [
  ["what it takes is configured", { ...server, slots: seats }, 0],
  ["what it takes must be found out", server, 2 * 61 + 10],
];

test.each(untold)(
  "a crowd waits for its turn when %s, and nobody is crowded out",
  async (_, traits, most) => {
    const { ended, whole, refused } = await crowd(traits, 60);
    expect(ended.map(({ seen }) => seen?.error).filter(Boolean)).toEqual([]);
    expect(whole.length).toBe(62);
    const before = whole.findIndex(({ key }) => key === "single");
    expect(before, "answers that came before the single one").toBeLessThanOrEqual(2 * 2 * seats + 1);
    expect(refused, "requests that a server turned away").toBeLessThanOrEqual(most);
    // Sixty answers of two seconds at eight seats: what seats there are is used.
    expect(whole.at(-1)!.at).toBeLessThanOrEqual(3_000 + 1.5 * 8 * 2_000);
  },
);

test("whoever would wait in vain is told so at once, with the wait there would be", async () => {
  const { ended, whole } = await crowd({ ...server, slots: seats }, 400);
  const refused = ended.filter(({ seen }) => seen?.error !== undefined);
  expect(whole.length + refused.length).toBe(402);
  expect(whole.length).toBeGreaterThan(100);
  for (const { seen, at } of refused) {
    const { error } = seen!.events[0] as { error: { status: number; code: string; retryAfter: number } };
    expect(error).toMatchObject({ status: 429, code: "busy" });
    expect(error.retryAfter).toBeGreaterThanOrEqual(1);
    expect(at, "when they were told").toBeLessThan(3_100 + 30_000);
  }
  const early = refused.filter(({ at }) => at < 3_500);
  expect(early.length, "of them at once").toBeGreaterThan(0.8 * refused.length);
});

test("a witnessed answer for which all are too busy waits for another turn, as any other does", async () => {
  const timeline = createTimeline();
  const narrow = { ...calmServer, seats: 1 };
  const { ask } = createUpstreamGateway(timeline, createChance(5), [narrow, narrow]);
  const request = { temperature: 0, max_tokens: 10, holdfast: { witnesses: 1 } };
  const seen = Array.from({ length: 3 }, () => ask(request, { ended: () => {} }).seen);
  await timeline.run(60_000, () => false);
  expect(seen.map(({ error }) => error).filter(Boolean)).toEqual([]);
  expect(seen.map(({ verdict }) => verdict)).toEqual(["valid", "valid", "valid"]);
});

/** One answer asked of two servers, of which one is gone and the other too busy until it has a seat. */
async function askBesideGone({ retryAfterS, seatAt, witnesses = 0 }: Record<string, number>) {
  const timeline = createTimeline();
  const busy = { ...calmServer, seats: 0, retryAfterS: retryAfterS! };
  const { servers, ask } = createUpstreamGateway(timeline, createChance(5), [calmServer, busy, busy]);
  servers[0]!.kill();
  timeline.at(seatAt!, () => {
    busy.seats = 9;
  });
  const request = { temperature: 0, max_tokens: 10, holdfast: { witnesses } };
  const { seen } = ask(request, { events: true, ended: () => timeline.stop() });
  await timeline.run(60_000, () => false);
  return { seen, tookMs: timeline.now(), asked: servers[1]!.refused() };
}

test.each([0, 1])(
  "who is only busy is waited for though another fails, with %i witnesses",
  async (witnesses) => {
    const { seen, tookMs, asked } = await askBesideGone({ retryAfterS: 2, seatAt: 1_500, witnesses });
    expect(seen).toMatchObject({ finish: "stop", error: undefined });
    expect(tookMs, "when it had asked to be asked again").toBeGreaterThan(2_000);
    expect(asked).toBeLessThanOrEqual(1 + witnesses);
  },
);

test("where that would take too long, the refusal says when to come back", async () => {
  const { seen, tookMs } = await askBesideGone({ retryAfterS: 47, seatAt: 50_000 });
  const retryAfter = 47;
  expect(seen.events).toMatchObject([{ error: { status: 503, code: "upstreams_failed", retryAfter } }]);
  expect(seen.error?.message).toMatch(/server-1\S* busy .*server-0\S* unreachable /);
  expect(tookMs).toBeLessThan(1_000);
});
