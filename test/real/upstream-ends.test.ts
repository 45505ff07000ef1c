import { expect, test } from "vitest";
import { ask } from "../rigs/ask.ts";
import { endFaults } from "../rigs/upstream.ts";
import { expectWhole, gatewayWith, standingOf, text } from "../rigs/upstream-gateway.ts";

/** Upstreams that have said everything, `finish_reason` too, and fail at what comes after it. */

test.each(endFaults)("%s: the answer ends once, as it would have, and nobody else is asked", async (kind) => {
  const { url, first, others } = await gatewayWith({ fault: { kind, after: 0 } }, {});
  for (const path of ["chat/completions", "completions"]) {
    const body = path === "completions" ? { prompt: "Tell|", messages: undefined } : {};
    const seen = await ask(url, { stream: true, ...body }, { path });
    expectWhole(seen);
    expect(seen.end).toMatchObject({ switches: 0, attempts: 1 });
    const ends = seen.parts.flatMap(({ choices }) => choices).filter((choice) => choice.finish_reason);
    expect(ends.length).toBe(1);
    // Its turn to be asked first comes every other time.
    await ask(url);
  }
  expect(first.requests.filter(({ body }) => body.stream).length).toBe(2);
  expect(others[0]!.requests.filter(({ body }) => body.stream).length).toBe(0);
  expect(await standingOf(url, first)).toBe("good");
});

test.each(["finish-without-done", "finish-hang"] as const)(
  "%s: where two answers were asked for and one has ended, it is no end",
  async (kind) => {
    const { url } = await gatewayWith({ fault: { kind, after: 0 } });
    const asked = ask(url, { stream: true, n: 2 }, { signal: AbortSignal.timeout(2_500) });
    if (kind === "finish-hang") return expect(asked).rejects.toThrow();
    expect(await asked).toMatchObject({ text, done: false, error: { code: "answer_interrupted" } });
  },
);
