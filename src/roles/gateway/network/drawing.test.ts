import { expect, test } from "vitest";
import { type CourtTraits, createCourt } from "../../../../test/rigs/court.ts";
import type { Beacons, Dialer } from "../../../ports.ts";
import { type Drawn, draw } from "./drawing.ts";

/** Draws among real providers' conversations, on a chain in memory. */

const asked = { job: "0a".repeat(32), request: "0b".repeat(32), witnesses: 2 };

function drawnOn(
  court: ReturnType<typeof createCourt>,
  beacons: Beacons = court.beacons,
  deadlineMs = 700,
  dialer: Dialer = court.ports.dialer,
) {
  const { verify } = court.ports.rules;
  const candidates = () => court.nodes.map(({ offer }) => offer);
  return draw(
    { ...court.ports, dialer, verify, beacons },
    { ...asked, deadlineMs, candidates },
    new AbortController().signal,
  );
}

/** The blocks come, but only after somebody has waited for them for a moment: announcements arrive before. */
function steady({ beacons }: ReturnType<typeof createCourt>): Beacons {
  const asks = new Map<number, number>();
  return {
    ...beacons,
    async block(number) {
      asks.set(number, (asks.get(number) ?? 0) + 1);
      return asks.get(number)! > 1 ? beacons.block(number) : undefined;
    },
  };
}

const nodes = (count: number, traits: CourtTraits = {}) =>
  createCourt(Array.from({ length: count }, () => traits));

test("all who note a request are in its draw, and whoever is gone is not waited for", async () => {
  const court = nodes(5);
  court.nodes[4]!.leave();
  const drawn = (await drawnOn(court, steady(court))) as Drawn;
  const known = court.nodes.map(({ offer }) => offer.peer);
  expect(drawn.by).toMatchObject({
    block: 611,
    witnesses: 2,
    beacon: (await court.beacons.block(611))!.hash,
  });
  expect(drawn.by.notes.map(({ head }) => head)).toEqual([610, 610, 610, 610]);
  expect(drawn.peers.length).toBeGreaterThanOrEqual(3);
  for (const peer of drawn.peers) expect(known.slice(0, 4)).toContain(peer);
});

test("where no block comes it says so once its time is over", async () => {
  const court = nodes(4);
  const halted = { ...court.beacons, block: async () => undefined };
  expect(await drawnOn(court, halted)).toMatchObject({
    code: "no-beacon",
    message: expect.stringMatching(/no block came after 610/),
  });
  const away = { ...court.beacons, head: async () => undefined };
  expect(await drawnOn(court, away)).toMatchObject({
    code: "no-beacon",
    message: expect.stringMatching(/cannot be reached/),
  });
});

test("where too few are there no block is waited for", async () => {
  const court = nodes(4);
  for (const node of court.nodes.slice(2)) node.leave();
  const halted = { ...court.beacons, block: async () => undefined };
  expect(await drawnOn(court, halted)).toMatchObject({
    code: "too-few-drawn",
    message: expect.stringMatching(/needs 3 .* 2 of 4 on offer answered/),
  });
});

test("where seats fall to too few, later blocks draw, and at last it says so", async () => {
  const court = nodes(4, { since: 10_000 });
  expect(await drawnOn(court, steady(court), 30_000)).toMatchObject({
    code: "too-few-drawn",
    message: expect.stringMatching(/in every draw/),
  });
  expect(await court.beacons.head()).toBe(618);
});

/** Its nodes have no seat free when they are first asked, so many times. */
function crowded({ ports: { dialer } }: ReturnType<typeof createCourt>, times: number): Dialer {
  let left = times;
  return {
    ...dialer,
    open(offer, handlers) {
      left -= 1;
      if (left < 0) return dialer.open(offer, handlers);
      queueMicrotask(() => handlers.message({ t: "refused", code: "busy", message: "full" }));
      return { send: () => {}, close: () => {} };
    },
  };
}

test("who has no seat free is asked again for the block after", async () => {
  const court = nodes(4);
  const drawn = (await drawnOn(court, steady(court), 30_000, crowded(court, 6))) as Drawn;
  expect(drawn.by.block).toBe(613);
  const full = nodes(4);
  expect(await drawnOn(full, steady(full), 30_000, crowded(full, 1_000))).toMatchObject({ code: "busy" });
});
