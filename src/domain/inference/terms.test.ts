import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type DrivenJob, driveJob } from "../../../test/rigs/driven-job.ts";

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
