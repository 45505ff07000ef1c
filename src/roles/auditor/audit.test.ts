import { expect, test } from "vitest";
import { rulingRules } from "../../../test/rigs/committee.ts";
import { auditOf, type Court, type CourtTraits, createCourt } from "../../../test/rigs/court.ts";
import { auditDraw, auditRules } from "../../domain/verification/audit.ts";
import { reportOn } from "../../domain/verification/report.ts";
import type { Clock } from "../../ports.ts";
import type { Order, Word } from "../../protocol/attempt.ts";
import { limits } from "../../protocol/limits.ts";
import { lookUpDrawn } from "../committee/drawn-set.ts";
import { audit } from "./audit.ts";

/** Audits of answers that nobody watched: drawn, read again, committed, opened, ruled. */

const { signal } = new AbortController();
const epoch = 300;
const honest: CourtTraits[] = [{}, {}, {}, {}, {}];

async function audited(court: Court, speaker = 0) {
  const receipt = await court.answeredBy(court.nodes[speaker]!);
  return { receipt, audited: await auditOf(court.ports, receipt, epoch, signal) };
}

test("an honest executor is found honest by drawn nodes, and a stranger with the chain at hand can check that", async () => {
  const court = createCourt(honest);
  const { audited: found } = await audited(court);
  expect(found?.ruling.verdict).toBe("valid");
  const { receipt } = found!;
  const { set, secret } = receipt.proof;
  expect(set.committee).toMatchObject({ kind: "drawn", epoch });
  expect(set.witnesses).toHaveLength(4);
  const { sealed, node: executor } = set.commits[0]!;
  const drawBy = (beacon: string) => auditDraw({ sealed, executor }, beacon);
  const drawn = await lookUpDrawn(court.beacons, set, drawBy);
  expect(drawn).toMatchObject({ positions: { beacon: secret }, strangers: [] });
  const rules = {
    ...rulingRules,
    vouchedBy: () => [set.executor, ...set.witnesses].map(({ node }) => node),
    schemas: limits,
  };
  const beaconAt = () => drawn!.positions.beacon;
  expect(reportOn(receipt, { ...rules, beaconAt, drawn: drawn! })).toMatchObject({ verdict: "valid" });
  // Without the chain nothing is known of the draw.
  expect(reportOn(receipt, rules)).toMatchObject({ verdict: "inconclusive" });
});

test("one that computed something else is found out, whoever it was that kept silent", async () => {
  const court = createCourt([{ otherModel: true }, ...honest]);
  court.nodes[4]!.leave();
  const { audited: found } = await audited(court);
  expect(found?.ruling.verdict).toBe("invalid");
});

test("a drawn node that forges its commit, or offers another's key as its own, spoils no audit", async () => {
  for (const spoiler of [{ forges: true }, { keyOf: 1 }, { keyOf: 0 }]) {
    const court = createCourt([{ otherModel: true }, ...honest.slice(1), spoiler]);
    const receipt = await court.answeredBy(court.nodes[0]!);
    const found = await auditOf({ ...court.ports, clock: quick(court.ports.clock) }, receipt, epoch, signal);
    expect(found?.ruling, JSON.stringify(spoiler)).toMatchObject({ verdict: "invalid" });
    expect(found?.ruling.unsound).toBeUndefined();
  }
});

test("an audit that is given up while envelopes are open ends at once, with whatever was opened", async () => {
  const court = createCourt(honest);
  const receipt = await court.answeredBy(court.nodes[0]!);
  const giveUp = new AbortController();
  const { dialer } = court.ports;
  const silent: typeof dialer = {
    ...dialer,
    open(offer, handlers) {
      const channel = dialer.open(offer, handlers);
      // Nobody hears that it is to open, and the channel stays.
      const send = (order: Order) => (order.t === "reveal" ? giveUp.abort() : channel.send(order));
      return { ...channel, send };
    },
  };
  const found = await auditOf({ ...court.ports, dialer: silent }, receipt, epoch, giveUp.signal);
  expect(found?.ruling).toMatchObject({
    verdict: "inconclusive",
    members: [{ complaint: "not-opened" }, {}, {}, {}, {}],
  });
}, 5_000);

test("who is lost after it committed is not waited for", async () => {
  const court = createCourt([{ otherModel: true }, ...honest]);
  const receipt = await court.answeredBy(court.nodes[0]!);
  const { dialer } = court.ports;
  const fragile: typeof dialer = {
    ...dialer,
    open(offer, handlers) {
      let isLost = false;
      const message = (word: Word) => {
        if (isLost) return;
        handlers.message(word);
        isLost = word.t === "committed" && offer.address === court.nodes[3]!.offer.address;
        if (isLost) handlers.closed({ code: "closed", detail: "lost" });
      };
      return dialer.open(offer, { ...handlers, message });
    },
  };
  const found = await auditOf({ ...court.ports, dialer: fragile }, receipt, epoch, signal);
  expect(found?.ruling.verdict).toBe("invalid");
}, 5_000);

/** Five times as quick as those of the members, who wait for a seat that stays empty. */
function quick(clock: Clock): Clock {
  return { ...clock, now: () => 5 * clock.now(), after: (delay, run) => clock.after(delay / 5, run) };
}

test("an executor that is gone, or too few of those drawn, leave it for another epoch", async () => {
  const court = createCourt(honest);
  const receipt = await court.answeredBy(court.nodes[0]!);
  court.nodes[0]!.leave();
  expect(await auditOf(court.ports, receipt, epoch, signal)).toBeUndefined();
  const lonely = createCourt([{}]);
  const alone = await lonely.answeredBy(lonely.nodes[0]!);
  expect(await audit(lonely.ports, alone, epoch, signal)).toBe("nobody-drawn");
});

test("what was sealed is opened once in each epoch", async () => {
  const court = createCourt(honest);
  const { receipt, audited: first } = await audited(court);
  expect(first?.ruling.verdict).toBe("valid");
  expect(await audit(court.ports, receipt, epoch, signal)).toBe("refused");
});

test("an executor opens for no beacon of before it sealed, and for none when its stake may be gone", async () => {
  const [before, late] = [300_000, 300_000 - auditRules.thawMs - 1];
  for (const at of [before, late]) {
    const court = createCourt(honest, () => at);
    expect((await audited(court)).audited, "it does not even keep the set").toBeUndefined();
  }
});

test("an executor opens for nobody where no auditor is in the set", async () => {
  const court = createCourt(honest);
  const { proof } = await court.answeredBy(court.nodes[0]!);
  const block = 612;
  const set = { ...proof.set, witnesses: [], commits: [...proof.set.commits] };
  const word = await new Promise<Word>((resolve) => {
    const heard = { message: resolve, closed: () => {} };
    const channel = court.ports.dialer.open(court.nodes[0]!.offer, heard);
    channel.send({ t: "recall", job: set.answer.job });
    const alone = { ...set, committee: { kind: "drawn", epoch, block } as const };
    channel.send({ t: "close", set: alone });
  });
  expect(word).toMatchObject({ t: "closed", refusal: "alone" });
});

test("a member without a seat is seen, and so is a beacon that begins no epoch", async () => {
  const court = createCourt(honest);
  const { audited: found } = await audited(court);
  const { set } = found!.receipt.proof;
  const stranger = { ...set.witnesses[0]!, node: `0x${"77".repeat(20)}` as never };
  const nobodys = {
    ...court.beacons,
    weights: async () => ({ stakes: [0n, 100n, 100n, 100n, 100n], total: 500n }),
  };
  const { sealed, node: executor } = set.commits[0]!;
  const drawBy = (beacon: string) => auditDraw({ sealed, executor }, beacon);
  const other = { ...set, witnesses: [stranger, ...set.witnesses.slice(1)] };
  expect((await lookUpDrawn(nobodys, other, drawBy))?.strangers).toContain(stranger.node);
  const late = { ...set, committee: { kind: "drawn", epoch: 301, block: 400 } as const };
  expect(await lookUpDrawn(court.beacons, late, drawBy), "no epoch begins there").toBeUndefined();
});
