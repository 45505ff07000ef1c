import { expect, test } from "vitest";
import { type DrivenJob, driveJob } from "../../../test/rigs/driven-job.ts";
import { step } from "./job.ts";

test("an answer that is whole shortly before its deadline goes out, though witnesses still owe their word", () => {
  const job = driveJob(["speaker", "one", "two"], { policy: { deadlineMs: 2_000 } });
  for (const peer of ["speaker", "one", "two"]) job.warm(peer);
  job.say("speaker", 4, "stop");
  job.wait(1_000);
  expect(job.of("deliver")).toHaveLength(1);
  expect(job.of("finish"), "waited for while there is time").toEqual([]);
  job.wait(1_500);
  expect(job.of("fail")).toEqual([]);
  expect(job.of("finish")).toMatchObject([{ verdict: "inconclusive", answerTokens: 4 }]);
});

test("nor is it lost to a hold that reaches past its deadline, as what is disputed may be", () => {
  const held = (say: (job: DrivenJob) => void) => {
    const job = driveJob(["speaker", "one"], { policy: { deadlineMs: 2_000, holdMs: 60_000, witnesses: 1 } });
    for (const peer of ["speaker", "one"]) job.warm(peer);
    say(job);
    job.wait(1_700);
    expect(job.of("deliver")).toEqual([]);
    job.wait(500);
    return [...job.of("finish").map(({ verdict }) => verdict), ...job.of("fail").map(({ code }) => code)];
  };
  expect(held((job) => job.say("speaker", 4, "stop"))).toEqual(["inconclusive"]);
  const disputed = (job: DrivenJob) => {
    job.say("speaker", 4, "stop");
    job.reject("one", 0);
  };
  expect(held(disputed)).not.toContain("inconclusive");
});

test("a deadline that comes nearer ends the job, and in the rest of its time nobody is late for it", () => {
  const job = driveJob(["speaker", "one", "two"], { policy: { deadlineMs: 20_000 } });
  for (const peer of ["speaker", "one", "two"]) job.warm(peer);
  job.say("speaker", 2);
  const tick = { kind: "tick" } as const;
  const { state, effects } = step(job.state(), tick, 80, true, 100);
  expect(effects).toEqual([{ kind: "wake", at: 100 }]);
  expect(step(state, tick, 100, true).effects).toContainEqual(
    expect.objectContaining({ kind: "fail", code: "deadline" }),
  );
});

test("an answer to be proved, whose speaker is lost with its last word, is ended by another who answers for it", () => {
  const job = driveJob(["speaker", "one", "two"], { policy: { finality: "final" } });
  for (const peer of ["speaker", "one", "two"]) job.warm(peer);
  job.say("speaker", 4);
  job.say("speaker", 4, "stop");
  job.lose("speaker");
  job.judge("one", "two");
  expect(job.of("fail")).toEqual([]);
  const heir = job.speaker()!;
  expect(["one", "two"]).toContain(heir);
  job.say(heir, 4, "stop");
  job.judge(heir === "one" ? "two" : "one");
  job.judge("speaker");
  expect(job.of("prove")).toMatchObject([{ executor: job.partOf(heir)!.id, tokens: 8 }]);
  job.happen({ kind: "proved", finding: { verdict: "valid", blamed: [] } });
  expect(job.of("finish")).toMatchObject([{ executor: heir, basis: "fingerprint" }]);
});
