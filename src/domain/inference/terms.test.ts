import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DrivenJob, driveJob } from "../../../test/rigs/driven-job.ts";
import { budgets } from "./budgets.ts";

/** What one that states a false length of the prompt, with the right ids, can do to others where no limit was asked for. */

const promptTokens = 14;
const window = { contextTokens: 64, tokensDefault: 512 };
const limit = window.contextTokens - promptTokens;

/** Whoever was told to speak says the rest of the answer, and everybody else accepts it. */
function sayRest(job: DrivenJob): void {
  let said = job.state().held.reduce((sum, { chunk }) => sum + chunk.ids.length, 0);
  while (said < limit && !job.state().ended) {
    const speaker = job.speaker()!;
    const tokens = Math.min(8, limit - said);
    said += tokens;
    job.say(speaker, tokens, said === limit ? "length" : undefined);
    job.judge(...job.state().attempts.flatMap(({ peer }) => (peer === speaker ? [] : [peer])));
  }
}

/**
 * As an honest witness does, which counts for itself: it judges what it has not, chunk for chunk. `slow`: what it would
 * reject it has not read yet.
 */
function judgeRest(job: DrivenJob, peer: string, slow: boolean): void {
  for (let part = job.partOf(peer); part !== undefined; part = job.partOf(peer)) {
    const { judgedChunks, readAt, id, drops } = part;
    const chunk = job.state().held[judgedChunks]?.chunk;
    if (chunk === undefined || readAt === undefined) return;
    const end = chunk.start + chunk.ids.length;
    const fits = end < limit || (end === limit && chunk.end === "length");
    if (fits) job.happen({ kind: "judged", attempt: id, branch: drops.length, through: end });
    else if (slow) return;
    else job.reject(peer, judgedChunks);
  }
}

describe("a first speaker that states a false length of the prompt", () => {
  test("and falls silent binds none of those who go on from its words", () => {
    const claims = fc.oneof(fc.nat(80), fc.constantFrom(0, 63, 2 ** 40));
    fc.assert(
      fc.property(claims, fc.integer({ min: 1, max: 8 }), fc.boolean(), (claim, tokens, known) => {
        const job = driveJob(["liar", "one", "two", "three"], window);
        job.warm("liar", claim);
        // Others may have read the prompt before it speaks, or when it is gone.
        if (known) for (const peer of ["one", "two"]) job.warm(peer, promptTokens);
        job.say("liar", tokens);
        job.lose("liar");
        for (const peer of ["one", "two"]) if (!known) job.warm(peer, promptTokens);
        // Its own limit may have been too short for what it said.
        if (job.state().held.length > 0) job.judge("one", "two");
        job.wait(300);
        if (job.partOf("three") !== undefined) job.warm("three", promptTokens);
        sayRest(job);
        job.happen({ kind: "proved", finding: { verdict: "valid", blamed: [] } });
        expect(job.of("fail")).toEqual([]);
        expect(job.of("finish")).toMatchObject([{ promptTokens, reason: "length", verdict: "valid" }]);
        for (const peer of ["one", "two", "three"]) expect(job.outcomesOf(peer)).not.toContain("garbage");
      }),
    );
  });

  test("and speaks past the true limit makes offenders of nobody but itself", () => {
    const honest = ["one", "two", "three", "four"];
    const world = fc.record({
      claim: fc.integer({ min: 1, max: promptTokens - 1 }),
      tokens: fc.integer({ min: 1, max: 8 }),
      witnesses: fc.integer({ min: 1, max: 2 }),
      holdMs: fc.constantFrom(0, 250, 60_000),
      /** Who is ready before it speaks, who before it is gone; when they judge, and what becomes of it. */
      before: fc.subarray(honest),
      during: fc.subarray(honest),
      judging: fc.boolean(),
      slow: fc.boolean(),
      goes: fc.boolean(),
      pauseMs: fc.constantFrom(0, 50, 400),
    });
    fc.assert(
      fc.property(world, ({ claim, tokens, witnesses, holdMs, ...order }) => {
        const job = driveJob(["liar", ...honest], { ...window, policy: { witnesses, holdMs } });
        const warm = (peers: readonly string[]) => {
          for (const peer of peers) if (job.partOf(peer)?.ready === undefined) job.warm(peer, promptTokens);
        };
        job.warm("liar", claim);
        warm(order.before);
        for (let said = 0; said <= limit && job.partOf("liar") !== undefined; said += tokens) {
          const most = Math.min(tokens, window.contextTokens - claim - said);
          job.say("liar", most, said + most === window.contextTokens - claim ? "length" : undefined);
          if (order.judging) for (const peer of honest) judgeRest(job, peer, order.slow);
        }
        warm(order.during);
        job.wait(order.pauseMs);
        if (order.goes) job.lose("liar");
        for (let turn = 0; turn < 200 && !job.state().ended; turn++) {
          warm(honest);
          for (const peer of honest) judgeRest(job, peer, order.slow);
          if (job.speaker() !== undefined && job.speaker() !== "liar") sayRest(job);
          job.happen({ kind: "proved", finding: { verdict: "valid", blamed: [] } });
          job.wait(20);
        }
        const ends = [
          ...job.of("finish").map(({ verdict }) => verdict),
          ...job.of("fail").map(({ code }) => code),
        ];
        expect(ends).toHaveLength(1);
        // What had left by the time it was found out cannot be taken back.
        expect(["valid", "rejected-after-delivery"]).toContain(ends[0]);
        if (holdMs > 1_000) expect(ends).toEqual(["valid"]);
        for (const peer of honest)
          for (const outcome of job.outcomesOf(peer))
            expect(["completed", "vouched", "unused"]).toContain(outcome);
      }),
    );
  });

  test("and is lost past the true limit has nobody blamed who was called before it was ready", () => {
    const job = driveJob(["liar", "one", "two", "three"], { ...window, policy: { witnesses: 1 } });
    job.warm("liar", 1);
    for (let said = 0; said < limit; said += 10) job.say("liar", 10);
    job.say("liar", 2);
    job.lose("liar");
    const [called] = job.state().floor;
    const peer = job.state().attempts.find(({ id }) => id === called?.attempt)!.peer;
    job.warm(peer, promptTokens);
    expect(job.outcomesOf(peer)).toEqual([]);
    expect(job.state().floor.map(({ attempt }) => attempt)).not.toContain(called!.attempt);
    expect(job.of("drop").at(-1)).toMatchObject({ attempt: called!.attempt, to: limit + 2 });
    const other = job.state().attempts.find(({ ready }) => ready === undefined)!;
    job.warm(other.peer, promptTokens);
    expect(job.of("drop").at(-1), "two say the same").toMatchObject({ to: limit - 10 });
    expect(job.of("speak").at(-1)).toMatchObject({ from: limit - 10 });
    expect(job.of("open").map(({ peer }) => peer)).not.toContain("three");
  });

  test("leaves when two others state the same as each other, and they go on", () => {
    const job = driveJob(["liar", "one", "two", "three"], window);
    job.warm("liar", 3);
    job.say("liar", 4);
    job.warm("one", promptTokens);
    expect(job.outcomesOf("liar"), "one word against another").toEqual([]);
    job.warm("two", promptTokens);
    expect(job.outcomesOf("liar")).toEqual(["garbage"]);
    job.judge("one", "two");
    expect(job.state().delivered).toBe(1);
    expect(["one", "two"]).toContain(job.speaker());
  });

  test("beside a single witness has one more asked, who decides", () => {
    const job = driveJob(["liar", "one", "two"], { ...window, policy: { witnesses: 1 } });
    job.warm("liar", 3);
    job.warm("one", promptTokens);
    job.say("liar", 4);
    job.judge("one");
    job.wait(300);
    job.warm("two", promptTokens);
    expect(job.outcomesOf("liar")).toEqual(["garbage"]);
    expect(job.state().base).toMatchObject({ promptTokens });
  });

  test("beside a single witness, where nothing leaves unproved, is found out before a committee meets", () => {
    const policy = { witnesses: 1, finality: "final" } as const;
    const job = driveJob(["liar", "one", "two"], { ...window, policy });
    job.warm("liar", 3);
    job.warm("one", promptTokens);
    job.say("liar", 4);
    job.say("liar", 4, "stop");
    job.judge("one");
    expect([...job.of("prove"), ...job.of("fail")], "two was asked, and is not ready").toEqual([]);
    job.warm("two", promptTokens);
    expect(job.outcomesOf("liar")).toEqual(["garbage"]);
    // Somebody has to answer for the whole: who went on says the last of it again.
    const heir = job.speaker()!;
    job.say(heir, 4, "stop");
    job.judge(...["one", "two"].filter((peer) => peer !== heir));
    job.happen({ kind: "proved", finding: { verdict: "valid", blamed: [] } });
    expect(job.of("finish")).toMatchObject([{ verdict: "valid", basis: "fingerprint", promptTokens }]);
  });

  test("and one that never connects keep no answer waiting for longer than connecting may take", () => {
    const policy = { witnesses: 1, finality: "final" } as const;
    const job = driveJob(["liar", "one", "silent"], { ...window, policy });
    job.warm("liar", 3);
    job.warm("one", promptTokens);
    job.say("liar", 4, "stop");
    job.judge("one");
    job.wait(budgets.readyMs + 100);
    expect(job.of("fail")).toMatchObject([{ code: "not-final" }]);
  });

  test("has nobody asked to seal another answer than the one they heard", () => {
    const job = driveJob(["liar", "one"], { ...window, policy: { witnesses: 1 } });
    job.warm("liar", 3);
    job.warm("one", promptTokens);
    job.say("liar", 4, "stop");
    job.judge("one");
    expect(job.of("prove")).toEqual([]);
    expect(job.of("finish")).toMatchObject([{ basis: "tokens" }]);
  });

  test("and is alone is believed no further than the prompt can be long", () => {
    const job = driveJob(["liar"], { tokensMax: 4, policy: { witnesses: 0 } });
    job.warm("liar", 1_000_000);
    job.say("liar", 4, "length");
    expect(job.of("finish")).toMatchObject([{ promptTokens: job.state().promptTokensMost }]);
  });
});

test("a witness that states a false length of the prompt leaves, and changes nothing", () => {
  const job = driveJob(["speaker", "liar", "other"], window);
  for (const peer of ["speaker", "liar", "other"]) job.warm(peer, peer === "liar" ? 60 : promptTokens);
  job.say("speaker", 4);
  expect(job.outcomesOf("liar")).toEqual(["garbage"]);
  job.judge("other");
  sayRest(job);
  expect(job.of("prove")).toMatchObject([{ tokensMax: limit }]);
});

test("strangers, however many, have no say in it", () => {
  const job = driveJob(["speaker", "one", "stranger1", "stranger2", "stranger3"], window);
  for (const { peer } of job.state().attempts)
    job.warm(peer, peer.startsWith("stranger") ? 60 : promptTokens);
  job.say("speaker", 4);
  expect(job.outcomesOf("speaker")).toEqual([]);
  expect(job.outcomesOf("one")).toEqual([]);
  expect(job.state().base).toMatchObject({ promptTokens });
});
