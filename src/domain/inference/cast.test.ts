import { describe, expect, test } from "vitest";
import { type DrivenJob, driveJob } from "../../../test/rigs/driven-job.ts";
import { budgets } from "./budgets.ts";

const names = Array.from({ length: 6 }, (_, index) => `node${index}`);

/** So many chunks, said and accepted by whoever is there, one every 80 ms. */
function speak(job: DrivenJob, chunks: number): void {
  for (let chunk = 0; chunk < chunks && !job.state().ended; chunk++) {
    job.wait(80);
    for (const { peer, ready } of job.state().attempts) if (ready === undefined) job.warm(peer);
    const speaker = job.speaker()!;
    job.say(speaker, 1);
    job.judge(...job.state().attempts.flatMap(({ peer }) => (peer === speaker ? [] : [peer])));
  }
}

describe("the attempts of a job", () => {
  test("last a long answer in which a witness is lost every few seconds", () => {
    const job = driveJob(names, { tokensMax: 100_000, contextTokens: 131_072 });
    const losses = budgets.attemptsAtFirst + 6;
    for (let loss = 0; loss < losses; loss++) {
      speak(job, budgets.chunksPerAttempt);
      const witness = job.state().attempts.find(({ peer }) => peer !== job.speaker());
      job.lose(witness!.peer);
    }
    // The last speaker goes too: a follower goes on.
    job.lose(job.speaker()!);
    speak(job, 10);
    expect(job.of("fail")).toEqual([]);
    expect(job.state().delivered).toBeGreaterThan(losses * budgets.chunksPerAttempt);
  });

  test("are bounded where nobody says anything, and the failure says that they are spent", () => {
    const job = driveJob(names);
    for (let turn = 0; turn < 2_000 && !job.state().ended; turn++) {
      const [first] = job.state().attempts;
      if (first === undefined) job.wait(500);
      else job.lose(first.peer);
    }
    expect(job.of("open")).toHaveLength(budgets.attemptsAtFirst);
    expect(job.of("fail")).toMatchObject([
      { code: "no-providers", message: expect.stringMatching(/^24 attempts were opened/) },
    ]);
  });
});
