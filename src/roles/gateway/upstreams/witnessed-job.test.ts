import { expect, test } from "vitest";
import type { Clock, UpstreamHandlers } from "../../../ports.ts";
import type { Refusal } from "../../../protocol/openai.ts";
import { createUpstreamBackend } from "./backend.ts";

/** Time that moves only when it is told to. */
function standingClock() {
  let time = 0;
  let timers: Array<{ due: number; run: () => void }> = [];
  const clock: Clock = {
    now: () => time,
    wall: () => time,
    after(delay, run) {
      const timer = { due: time + delay, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
  };
  const moveTo = (until: number) => {
    for (let fired = 0; fired < 1000; fired++) {
      const next = timers.toSorted((a, b) => a.due - b.due)[0];
      if (next === undefined || next.due > until) break;
      timers = timers.filter((one) => one !== next);
      time = Math.max(time, next.due);
      next.run();
    }
    time = until;
  };
  return { clock, moveTo };
}

const chunk = (text: string, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: "a", choices: [{ index: 0, delta: { content: text }, finish_reason: finish }] })}\n\n`;

/** One witnessed answer over upstreams that say what the test has them say. */
function begin({ names = ["a", "b", "c"], finality = "stream" } = {}) {
  const { clock, moveTo } = standingClock();
  const silent = () => {};
  const asked: UpstreamHandlers[] = [];
  const upstreams = {
    send({ method }: { method: string }, handlers: UpstreamHandlers) {
      if (method === "POST") asked.push(handlers);
      return { abort: silent };
    },
    close: async () => {},
  };
  const random = { bytes: (length: number) => new Uint8Array(length) };
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const backend = createUpstreamBackend(
    { clock, upstreams, log, random },
    {
      upstreams: names.map((name) => ({ name, url: `http://${name}/v1`, forwardAuth: false })),
    },
  );
  const got: { written: string; refusal: Refusal | undefined } = { written: "", refusal: undefined };
  const body = {
    model: "m",
    messages: [],
    temperature: 0,
    stream: true,
    holdfast: { witnesses: 1, finality },
  };
  backend.answer({
    ...{ endpoint: "chat/completions", requestId: "r", body, raw: JSON.stringify(body), headers: {} },
    reply: {
      ...{ json: silent, text: silent, stream: silent, end: silent, onAbort: silent },
      refuse(refusal) {
        got.refusal = refusal;
      },
      write(text) {
        got.written += text;
      },
    },
  });
  const say = (index: number, text: string) => {
    asked[index]!.answered(200, { "content-type": "text/event-stream" });
    asked[index]!.piece(text);
  };
  return { asked, say, moveTo, got };
}

test("beside two that hang, the only one that answers is not waited on for ever", () => {
  const { asked, say, moveTo, got } = begin();
  expect(asked.length).toBe(2);
  moveTo(60_000);
  expect(asked.length).toBe(3);
  say(2, `${chunk("Paris")}${chunk("", "stop")}data: [DONE]\n\n`);
  moveTo(500_000);
  expect(got.written).toBe("");
  expect(got.refusal).toMatchObject({ status: 502, code: "no_agreement" });
});

test("one that was given up for silent and then speaks is heard", () => {
  const { say, moveTo, got } = begin();
  moveTo(60_000);
  say(2, chunk("Paris"));
  say(1, chunk("Paris is"));
  expect(got.written).toContain('"content":"Paris"');
  expect(got.written).not.toContain("Paris is");
});

test("that nobody gave a whole answer is told as such, with what befell each", () => {
  const { asked, say, got } = begin({ names: ["a", "b"], finality: "final" });
  for (let index = 0; index < 4; index++) {
    say(index, chunk("Paris"));
    // The one that is left at the end and may yet answer was cut before, as the other was.
    if (index > 0) asked[index - 1]!.ended();
  }
  expect(got.refusal).toMatchObject({ status: 502, code: "upstreams_failed" });
  expect(got.refusal?.message).toMatch(/could answer: (a cut|b cut) \(.*, (a cut|b cut) \(/);
});

test("where one gave a whole answer, the refusal tells that, and what befell the other", () => {
  const { asked, say, got } = begin({ names: ["a", "b"] });
  say(0, `${chunk("Paris")}${chunk("", "stop")}data: [DONE]\n\n`);
  for (let index = 1; index < 3; index++) asked[index]!.failed({ code: "broken", detail: "ECONNRESET" });
  expect(got.refusal).toMatchObject({ status: 502, code: "no_agreement" });
  expect(got.refusal?.message).toMatch(/\((a|b) answered; (a|b) broken \(ECONNRESET\)\)\. Ask for fewer/);
});
