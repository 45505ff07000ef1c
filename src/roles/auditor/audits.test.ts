import { expect, test } from "vitest";
import { auditOf, type Court, createCourt } from "../../../test/rigs/court.ts";
import type { JobId } from "../../domain/ids.ts";
import type { Beacons, Clock, Dialer } from "../../ports.ts";
import type { Word } from "../../protocol/attempt.ts";
import { limits } from "../../protocol/limits.ts";
import { readUnwatched, writeUnwatched } from "../../protocol/unwatched.ts";
import type { Audited, AuditPorts } from "./audit.ts";
import { startAudits } from "./audits.ts";

/** The standing duty of a gateway: one look at each epoch, by a clock that the test moves. */

const job = "0a".repeat(32) as JobId;

function dutyOf(
  court: Court,
  text: string,
  { beacons, dialer }: Partial<AuditPorts> = {},
  { canWrite = true, canKeep = true } = {},
) {
  const kept = new Map([[job, text]]);
  const found: Audited[] = [];
  let look = () => {};
  let looked = () => {};
  const clock: Clock = {
    ...court.ports.clock,
    after(delay, run) {
      if (delay !== limits.epochLookMs) return court.ports.clock.after(delay, run);
      look = run;
      looked();
      return () => {};
    },
  };
  const unwatched = {
    put: (key: JobId, value: string) => void kept.set(key, value),
    get: async (key: JobId) => kept.get(key),
    jobs: () => [...kept.keys()],
    drop: (key: JobId) => void kept.delete(key),
    written: async () => canWrite,
  };
  const ports = {
    ...court.ports,
    ...{ clock, unwatched },
    ...(beacons && { beacons }),
    ...(dialer && { dialer }),
    found: async (_: JobId, audited: Audited) => found.push(audited) > 0 && canKeep,
  };
  const audits = startAudits(ports, { share: 1 });
  return {
    ...{ kept, found },
    /** Looks once, and waits until it is over; for the last time, if nothing else is said. */
    async look({ isLast = true } = {}) {
      await new Promise<void>((resolve) => {
        looked = resolve;
        look();
      });
      if (isLast) await audits.close();
    },
  };
}

test("an answer that is due is audited, and kept no longer", async () => {
  const court = createCourt([{}, {}, {}, {}]);
  const receipt = await court.answeredBy(court.nodes[0]!);
  const duty = dutyOf(court, writeUnwatched({ at: 1, receipt }));
  await duty.look();
  expect(duty.found.map(({ ruling }) => ruling.verdict)).toEqual(["valid"]);
  expect(duty.kept.size).toBe(0);
});

test("an executor that stays away when it is drawn stays due, in the epoch that drew it", async () => {
  const court = createCourt([{}, {}, {}, {}]);
  const receipt = await court.answeredBy(court.nodes[0]!);
  court.nodes[0]!.leave();
  const duty = dutyOf(court, writeUnwatched({ at: 1, receipt }));
  await duty.look();
  expect(duty.found).toEqual([]);
  expect(readUnwatched(duty.kept.get(job) ?? "")?.due).toBe(600);
});

test("an epoch that passed while nobody looked draws like any other", async () => {
  const court = createCourt([{}]);
  let head = 610;
  const asked: number[] = [];
  const beacons: Beacons = {
    ...court.beacons,
    head: async () => head,
    async block(number) {
      asked.push(number);
      return { hash: "0b".repeat(32), at: number };
    },
  };
  const duty = dutyOf(court, "", { beacons });
  await duty.look({ isLast: false });
  expect(asked).toEqual([300, 600]);
  head = 1205;
  await duty.look();
  expect(asked.slice(2)).toEqual([600, 900, 900, 1200]);
});

test("what is too old to be slashed for, or no receipt at all, is let go", async () => {
  const court = createCourt([{}, {}, {}]);
  const receipt = await court.answeredBy(court.nodes[0]!);
  for (const text of [writeUnwatched({ at: -8 * 24 * 3600_000, receipt }), "half of a"]) {
    const duty = dutyOf(court, text);
    await duty.look();
    expect([duty.found, duty.kept.size]).toEqual([[], 0]);
  }
});

/** Nothing that these nodes open comes back. */
function losing({ ports: { dialer }, nodes }: Court, ...indices: readonly number[]): Dialer {
  return {
    ...dialer,
    open(offer, handlers) {
      const isIts = indices.some((index) => offer.peer === nodes[index]!.offer.peer);
      const message = (word: Word) => {
        if (isIts && word.t === "revealed") handlers.closed({ code: "broken", detail: "lost" });
        else handlers.message(word);
      };
      return dialer.open(offer, { ...handlers, message });
    },
  };
}

test("what an executor opened and nobody heard is asked for again, and settles with what the others opened then", async () => {
  const court = createCourt([{ otherModel: true }, {}, {}, {}]);
  const receipt = await court.answeredBy(court.nodes[0]!);
  const first = dutyOf(court, writeUnwatched({ at: 1, receipt }), { dialer: losing(court, 0) });
  await first.look();
  const owed = readUnwatched(first.kept.get(job) ?? "");
  expect(owed?.held?.proof.openings).toHaveLength(3);
  const second = dutyOf(court, first.kept.get(job) ?? "");
  await second.look();
  expect(second.found.map(({ ruling }) => ruling.verdict)).toEqual(["invalid"]);
  expect(second.kept.size).toBe(0);
}, 20_000);

test("whoever was gone while an audit was opened learns that it was, and the next epoch draws others", async () => {
  const court = createCourt([{}, {}, {}, {}]);
  const receipt = await court.answeredBy(court.nodes[0]!);
  const lost = dutyOf(court, writeUnwatched({ at: 1, receipt }), { dialer: losing(court, 0) });
  await lost.look();
  const { held, ...rest } = readUnwatched(lost.kept.get(job) ?? "")!;
  const unheard = writeUnwatched({ ...rest, held: { ...held!, proof: { ...held!.proof, openings: [] } } });
  const again = dutyOf(court, unheard);
  await again.look();
  expect(again.found.map(({ ruling }) => ruling.verdict)).toEqual(["inconclusive"]);
  expect(readUnwatched(again.kept.get(job) ?? "")).toMatchObject({ due: 900 });
}, 20_000);

/** What this node says to a set arrives when its block is there already. */
function slow({ ports: { dialer }, nodes }: Court, index: number): Dialer {
  return {
    ...dialer,
    open(offer, handlers) {
      const isIts = offer.peer === nodes[index]!.offer.peer;
      const message = (word: Word) => {
        if (isIts && word.t === "closed") setTimeout(() => handlers.message(word), 3_000);
        else handlers.message(word);
      };
      return dialer.open(offer, { ...handlers, message });
    },
  };
}

test("nobody opens where the executor confirms its set when it could know the positions", async () => {
  const court = createCourt([{}, {}, {}, {}]);
  const receipt = await court.answeredBy(court.nodes[0]!);
  const duty = dutyOf(court, writeUnwatched({ at: 1, receipt }), { dialer: slow(court, 0) });
  await duty.look();
  expect(duty.found).toEqual([]);
  expect(readUnwatched(duty.kept.get(job) ?? "")).toEqual({ at: 1, receipt, due: 600 });
}, 20_000);

test("an executor that opened for others in an epoch is not asked again in that, and nobody reads in vain", async () => {
  const court = createCourt([{}, {}, {}, {}]);
  const receipt = await court.answeredBy(court.nodes[0]!);
  expect((await auditOf(court.ports, receipt, 600, new AbortController().signal))?.ruling.verdict).toBe(
    "valid",
  );
  const duty = dutyOf(court, writeUnwatched({ at: 1, receipt }));
  await duty.look();
  const kept = duty.kept.get(job) ?? "";
  expect(readUnwatched(kept)).toEqual({ at: 1, receipt, due: 600, refused: true });
  const nobody: Dialer = { ...court.ports.dialer, open: () => expect.fail("somebody is asked") };
  await dutyOf(court, kept, { dialer: nobody }).look();
}, 20_000);

test("where fewer open beside a liar than it takes to convict it, the next epoch draws others", async () => {
  const court = createCourt([{ otherModel: true }, {}, {}, {}, {}, {}]);
  const receipt = await court.answeredBy(court.nodes[0]!);
  const duty = dutyOf(court, writeUnwatched({ at: 1, receipt }), { dialer: losing(court, 3, 4, 5) });
  await duty.look();
  expect(duty.found.map(({ ruling }) => ruling.verdict)).toEqual(["inconclusive"]);
  expect(readUnwatched(duty.kept.get(job) ?? "")).toEqual({ at: 1, receipt, due: 900 });
}, 20_000);

test("where the block that decided positions is another by now, its executor opens by that", async () => {
  const court = createCourt([{}, {}, {}, {}]);
  const receipt = await court.answeredBy(court.nodes[0]!);
  const lost = dutyOf(court, writeUnwatched({ at: 1, receipt }), { dialer: losing(court, 0) });
  await lost.look();
  const { held, ...rest } = readUnwatched(lost.kept.get(job) ?? "")!;
  const other = { ...held!, proof: { ...held!.proof, secret: "77".repeat(32) } };
  const again = dutyOf(court, writeUnwatched({ ...rest, held: other }));
  await again.look();
  expect(again.found.map(({ ruling }) => ruling.members[0]?.complaint)).toEqual([undefined]);
  expect(readUnwatched(again.kept.get(job) ?? "")).toMatchObject({ due: 900 });
}, 20_000);

test("where the block that drew its auditors is another by now, the next epoch draws others", async () => {
  const court = createCourt([{}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}]);
  const receipt = await court.answeredBy(court.nodes[0]!);
  const lost = dutyOf(court, writeUnwatched({ at: 1, receipt }), { dialer: losing(court, 0) });
  await lost.look();
  const { held, ...rest } = readUnwatched(lost.kept.get(job) ?? "")!;
  // As if another epoch had drawn them: by the one that it names, some of them have no seat.
  const { set } = held!.proof;
  const moved = { ...set, committee: { ...set.committee, kind: "drawn" as const, epoch: 300, block: 611 } };
  const other = { ...held!, proof: { ...held!.proof, set: moved } };
  const again = dutyOf(court, writeUnwatched({ ...rest, held: other }));
  await again.look();
  expect(again.found).toEqual([]);
  expect(readUnwatched(again.kept.get(job) ?? "")).toEqual({ at: 1, receipt, due: 900 });
}, 20_000);

test("nobody opens for an audit that cannot be kept, and a verdict that cannot be is asked for again", async () => {
  const court = createCourt([{ otherModel: true }, {}, {}, {}]);
  const receipt = await court.answeredBy(court.nodes[0]!);
  const full = dutyOf(court, writeUnwatched({ at: 1, receipt }), {}, { canWrite: false });
  await full.look();
  expect(full.found).toEqual([]);
  const unkept = dutyOf(court, writeUnwatched({ at: 1, receipt }), {}, { canKeep: false });
  await unkept.look();
  expect(unkept.found.map(({ ruling }) => ruling.verdict)).toEqual(["invalid"]);
  expect(readUnwatched(unkept.kept.get(job) ?? "")?.due).toBe(600);
}, 20_000);

test("where a beacon draws nobody, the next one draws", async () => {
  const court = createCourt([{}]);
  const receipt = await court.answeredBy(court.nodes[0]!);
  const duty = dutyOf(court, writeUnwatched({ at: 1, receipt }));
  await duty.look();
  expect(readUnwatched(duty.kept.get(job) ?? "")?.due).toBe(900);
});

test("an epoch in which its executor has opened does not draw it again", async () => {
  const court = createCourt([{}, {}, {}, {}]);
  const receipt = await court.answeredBy(court.nodes[0]!);
  const duty = dutyOf(court, writeUnwatched({ at: 1, receipt, from: 900 }));
  await duty.look();
  expect(duty.found).toEqual([]);
  expect(readUnwatched(duty.kept.get(job) ?? "")).toEqual({ at: 1, receipt, from: 900 });
});
